# Installs hgq from BUILD_DIR, builds the project in this folder against it, and runs its program:
#   cmake -DBUILD_DIR=build -DWORK_DIR=build/tests/install -P tests/install/install_test.cmake
function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  message(STATUS "${what}\n${output}")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what} failed: ${result}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
run("install" ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix)
foreach(file IN ITEMS bash-completion/completions/hgq-train zsh/site-functions/_hgq-train fish/vendor_completions.d/hgq-train.fish man/man1/hgq-train.1
    doc/hgq/docs/spec doc/hgq/apps/configs/demo.yaml doc/hgq/tools/to_hls4ml.py)
  if(EXISTS ${WORK_DIR}/prefix/bin/hgq-train AND NOT EXISTS ${WORK_DIR}/prefix/share/${file})
    message(FATAL_ERROR "not installed: share/${file}")
  endif()
endforeach()
# The examples of programs with layers, a loss, a metric and a callback of their own, taken out of the tree.
file(COPY ${SOURCE_DIR}/apps/examples DESTINATION ${WORK_DIR})
run("configure" ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK_DIR}/build -G Ninja
  -DEXAMPLES=${WORK_DIR}/examples -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_BUILD_TYPE=Release)
# The installed files alone must do: the sources and the build are not to be found through them.
file(GLOB_RECURSE package_files ${WORK_DIR}/prefix/*.cmake)
foreach(file IN LISTS package_files)
  file(READ ${file} text)
  foreach(folder IN ITEMS ${SOURCE_DIR} ${BUILD_DIR})
    string(FIND "${text}" "${folder}/" place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "${file} names a file of the build: ${folder}")
    endif()
  endforeach()
endforeach()
run("build" ${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run("run" ${WORK_DIR}/build/uses_hgq)
run("run own kinds" ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/own_kinds_test.py --program ${WORK_DIR}/build/own_kinds)
run("prove own layer" ${WORK_DIR}/build/own_layer_test)
run("train own layer from C++" ${WORK_DIR}/build/train_gain ${SOURCE_DIR}/data/samples/magic.h5 ${WORK_DIR}/gain)
run("verify own layer" ${WORK_DIR}/build/own_kinds verify ${WORK_DIR}/gain/proxy.h5 --against ${WORK_DIR}/gain/model.h5
  --data ${SOURCE_DIR}/data/samples/magic.h5)
