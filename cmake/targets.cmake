# hgq_library(NAME SOURCES ... DEPENDS ...), hgq_program, hgq_test, hgq_benchmark: our own targets with our own flags.
#
# KINDS of a library are sources too, each of which adds things that configs can name (layers, losses, callbacks ...) to a
# table: FILE.cpp has a function `void register_FILE(TABLE& kinds)`. From the list hgq_library writes
# `void register_built_in(TABLE& kinds)`, which calls them in the order of the list, so that one line in the list both
# compiles a file and makes what is in it known. TABLE is the struct, declared in the header TABLE_HEADER.
add_library(hgq_flags INTERFACE)
target_compile_options(hgq_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  # GCC 12 sees overlapping copies in std::string where there are none (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # A loop that clang does not turn into vectors is no mistake.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-pass-failed>
  # Rounding is part of the result: a product and a sum are fused only where it is written.
  -ffp-contract=off -fno-math-errno -fno-trapping-math)
if(HGQ_WERROR)
  target_compile_options(hgq_flags INTERFACE -Werror)
endif()
if(HGQ_NATIVE)
  target_compile_options(hgq_flags INTERFACE -march=native)
endif()
target_link_libraries(hgq_flags INTERFACE OpenMP::OpenMP_CXX)
# Without three checks that double the time to compile: null, which ends the program anyway, vptr, and alignment.
set(hgq_sanitize -fsanitize=address,undefined -fno-sanitize=null,vptr,alignment -fno-sanitize-recover=all)
if(HGQ_SANITIZE)
  target_link_options(hgq_flags INTERFACE ${hgq_sanitize})
endif()

# Sources of a library are compiled 8 at a time (HGQ_UNITY), so their names in anonymous namespaces differ within a folder.
# ONE_BY_ONE: not in builds of type Release without sanitizers; for core and autograd, whose speed was measured that way.
# COLD: nothing in it computes for long, so -O1 is enough, which takes a third less time to compile.
function(hgq_library name)
  cmake_parse_arguments(arg "ONE_BY_ONE;COLD" "TABLE;TABLE_HEADER" "SOURCES;KINDS;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  if(arg_KINDS)
    set(declarations "")
    set(calls "")
    foreach(file IN LISTS arg_KINDS)
      cmake_path(GET file STEM stem)
      string(APPEND declarations "void register_${stem}(${arg_TABLE}& kinds);\n")
      string(APPEND calls "  register_${stem}(kinds);\n")
    endforeach()
    set(registration ${CMAKE_CURRENT_BINARY_DIR}/register_${name}.cpp)
    file(CONFIGURE OUTPUT ${registration} CONTENT "// Written by hgq_library (cmake/targets.cmake) from the KINDS of ${name}/CMakeLists.txt.
#include \"${arg_TABLE_HEADER}\"

namespace hgq {

${declarations}void register_built_in(${arg_TABLE}& kinds);
void register_built_in(${arg_TABLE}& kinds) {
${calls}}

}  // namespace hgq
")
    list(APPEND arg_SOURCES ${arg_KINDS} ${registration})
  endif()
  add_library(hgq_${name} STATIC ${arg_SOURCES})
  target_include_directories(hgq_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(hgq_${name} PUBLIC cxx_std_20)
  target_link_libraries(hgq_${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE_DEPENDS} $<BUILD_INTERFACE:hgq_flags>)
  set_target_properties(hgq_${name} PROPERTIES EXPORT_NAME ${name})
  if(arg_COLD)
    target_compile_options(hgq_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  if(HGQ_SANITIZE)
    target_compile_options(hgq_${name} PRIVATE ${hgq_sanitize} -fno-omit-frame-pointer -O1 -g1 -UNDEBUG -D_GLIBCXX_ASSERTIONS)
  endif()
  if(HGQ_UNITY AND NOT (arg_ONE_BY_ONE AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT HGQ_SANITIZE))
    set_target_properties(hgq_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
  set_property(GLOBAL APPEND PROPERTY HGQ_LIBRARIES hgq_${name})
endfunction()

function(hgq_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} hgq_flags)
endfunction()

# One test program per folder, of all of its .cpp files and SOURCES, which lie elsewhere: hgq_test(core DEPENDS hgq_core LABEL unit).
# Each file has a namespace of its name, so that several are compiled together (HGQ_UNITY).
function(hgq_test name)
  cmake_parse_arguments(arg "" "LABEL" "SOURCES;DEPENDS" ${ARGN})
  file(GLOB own CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  hgq_program(${name}_test SOURCES ${own} ${arg_SOURCES} DEPENDS ${arg_DEPENDS} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name}_test PRIVATE HGQ_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(${name}_test PRIVATE ${HGQ_TEST_FLAGS})
  target_precompile_headers(${name}_test REUSE_FROM hgq_test_headers)
  if(arg_SOURCES)
    set_source_files_properties(${arg_SOURCES} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  set_target_properties(${name}_test PROPERTIES UNITY_BUILD ${HGQ_UNITY} UNITY_BUILD_BATCH_SIZE 6)
  gtest_discover_tests(${name}_test PROPERTIES LABELS "${arg_LABEL}" TIMEOUT 300 DISCOVERY_TIMEOUT 60)
endfunction()

# A program of Google Benchmark, beside what it measures.
function(hgq_benchmark name)
  if(HGQ_BUILD_BENCHMARKS)
    find_package(benchmark REQUIRED)
    hgq_program(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE benchmark::benchmark)
  endif()
endfunction()
