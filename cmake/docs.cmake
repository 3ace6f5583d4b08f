# Target `docs`: pages of the installed headers by doxygen, in docs/html of the build. Warnings are errors.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
find_package(Doxygen QUIET)
find_package(Python3 QUIET COMPONENTS Interpreter)
if(DOXYGEN_FOUND AND Python3_FOUND)
  list(TRANSFORM hgq_public_folders PREPEND "${CMAKE_BINARY_DIR}/include/hgq/" OUTPUT_VARIABLE hgq_docs_input)
  list(PREPEND hgq_docs_input ${CMAKE_BINARY_DIR}/include/hgq/hgq.h ${CMAKE_CURRENT_SOURCE_DIR}/docs/api.md)
  list(JOIN hgq_docs_input "\" \"" hgq_docs_input)
  configure_file(docs/Doxyfile.in ${CMAKE_BINARY_DIR}/docs/Doxyfile @ONLY)
  add_custom_target(docs COMMAND Doxygen::doxygen ${CMAKE_BINARY_DIR}/docs/Doxyfile
    COMMENT "Making the pages of the C++ API: ${CMAKE_BINARY_DIR}/docs/html/index.html")
endif()
