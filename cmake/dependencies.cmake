# What hgq is built on, all from the distribution. Debian's CMake files of oneDNN ask for OpenCL, which nothing here uses, so
# library and header are found directly; a oneDNN elsewhere (3.x from PyPI, say) is found through DNNL_ROOT.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)

if(HGQ_USE_DNNL)
  find_path(DNNL_INCLUDE_DIR NAMES dnnl.h PATH_SUFFIXES include REQUIRED)
  find_library(DNNL_LIBRARY NAMES dnnl REQUIRED)
  add_library(hgq_dnnl INTERFACE)
  target_include_directories(hgq_dnnl SYSTEM INTERFACE $<BUILD_INTERFACE:${DNNL_INCLUDE_DIR}>)
  target_link_libraries(hgq_dnnl INTERFACE ${DNNL_LIBRARY})
endif()
