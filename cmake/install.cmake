# hgq::hgq bundles the static libraries; `cmake --install` puts them, the headers (under include/hgq) and the CMake package in place.
include(CMakePackageConfigHelpers)

get_property(hgq_libraries GLOBAL PROPERTY HGQ_LIBRARIES)
add_library(hgq INTERFACE)
add_library(hgq::hgq ALIAS hgq)
target_link_libraries(hgq INTERFACE ${hgq_libraries})

install(TARGETS hgq ${hgq_libraries} EXPORT hgqTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
set(hgq_public_folders core config data autograd proxy layers optim callbacks deploy)
install(DIRECTORY ${hgq_public_folders} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hgq FILES_MATCHING PATTERN "*.h")
if(HGQ_BUILD_APPS)
  install(FILES apps/hgq_train_main.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hgq/apps)
endif()
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/hgq.h)
  install(FILES hgq.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hgq)
endif()

set(hgq_package ${CMAKE_INSTALL_LIBDIR}/cmake/hgq)
configure_package_config_file(cmake/hgqConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/hgqConfig.cmake INSTALL_DESTINATION ${hgq_package})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/hgqConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hgqConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/hgqConfigVersion.cmake cmake/dependencies.cmake
  DESTINATION ${hgq_package})
install(EXPORT hgqTargets NAMESPACE hgq:: DESTINATION ${hgq_package})
