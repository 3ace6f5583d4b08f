# hgq::hgq bundles the static libraries; `cmake --install` puts them, the headers (under include/hgq) and the CMake package in place.
include(CMakePackageConfigHelpers)

get_property(hgq_libraries GLOBAL PROPERTY HGQ_LIBRARIES)
add_library(hgq INTERFACE)
add_library(hgq::hgq ALIAS hgq)
target_link_libraries(hgq INTERFACE ${hgq_libraries})

install(TARGETS hgq ${hgq_libraries} EXPORT hgqTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
set(hgq_public_folders core config data autograd proxy rtl layers optim callbacks deploy sweep report)
install(DIRECTORY ${hgq_public_folders} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hgq FILES_MATCHING PATTERN "*.h")
if(HGQ_BUILD_APPS)
  install(FILES apps/hgq_train_main.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hgq/apps)
endif()
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/hgq.h)
  install(FILES hgq.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hgq)
endif()

# The component `testing`: the contract of layers, compiled by the project that uses it, with its own GoogleTest.
set(hgq_testing allocation_counter layer_contract layer_contract_model proxy_contract tape_lab)
list(TRANSFORM hgq_testing REPLACE "(.+)" "tests/support/\\1.h" OUTPUT_VARIABLE hgq_testing_headers)
list(TRANSFORM hgq_testing REPLACE "(.+)" "tests/support/\\1.cpp" OUTPUT_VARIABLE hgq_testing_sources)
install(FILES ${hgq_testing_headers} tests/support/temporary_folder.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hgq/testing)
install(FILES ${hgq_testing_sources} DESTINATION ${CMAKE_INSTALL_DATADIR}/hgq/testing)

set(hgq_package ${CMAKE_INSTALL_LIBDIR}/cmake/hgq)
configure_package_config_file(cmake/hgqConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/hgqConfig.cmake INSTALL_DESTINATION ${hgq_package}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_DATADIR)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/hgqConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hgqConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/hgqConfigVersion.cmake cmake/dependencies.cmake
  DESTINATION ${hgq_package})
install(EXPORT hgqTargets NAMESPACE hgq:: DESTINATION ${hgq_package})

# The pages, with the paths between them, so that their links hold.
install(FILES README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.png")
install(DIRECTORY apps/examples apps/configs DESTINATION ${CMAKE_INSTALL_DOCDIR}/apps)
install(PROGRAMS tools/to_hls4ml.py DESTINATION ${CMAKE_INSTALL_DOCDIR}/tools)
