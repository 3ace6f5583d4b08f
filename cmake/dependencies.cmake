# What hgq is built on, all from the distribution. Included by our build and, installed, by hgqConfig.cmake.
# Debian's CMake files of oneDNN ask for OpenCL, which nothing here uses, so library and header are found directly; a oneDNN
# elsewhere (3.x from PyPI, say) is found through DNNL_ROOT. `hgq_required` is REQUIRED in our own build; a project that looks
# for hgq as an option is told that it is not there.
include(CMakeFindDependencyMacro)
find_dependency(Threads ${hgq_required})
find_dependency(OpenMP COMPONENTS CXX ${hgq_required})
find_dependency(HDF5 COMPONENTS C ${hgq_required})
find_dependency(ZLIB ${hgq_required})
find_dependency(yaml-cpp ${hgq_required})
find_dependency(fmt ${hgq_required})
find_dependency(nlohmann_json ${hgq_required})
find_dependency(muparser ${hgq_required})

if(HGQ_USE_DNNL AND NOT TARGET hgq_dnnl)
  find_path(DNNL_INCLUDE_DIR NAMES dnnl.h HINTS ${DNNL_ROOT} PATH_SUFFIXES include ${hgq_required})
  find_library(DNNL_LIBRARY NAMES dnnl HINTS ${DNNL_ROOT} PATH_SUFFIXES lib ${hgq_required})
  add_library(hgq_dnnl UNKNOWN IMPORTED)
  set_target_properties(hgq_dnnl PROPERTIES IMPORTED_LOCATION "${DNNL_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${DNNL_INCLUDE_DIR}")
endif()
