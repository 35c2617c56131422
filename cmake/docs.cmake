# The documentation travels inside the binary, as the web UI does: tools/docs builds docs/*.md into build/docs with Sphinx,
# compressed and assembled in. Without Python 3.11, npm, or with -DREGESTA_DOCS=OFF, /docs says how to build it.
option(REGESTA_DOCS "build the documentation site into the program" ON)
find_program(DOCS_PYTHON NAMES python3 python3.11 HINTS ${CMAKE_SOURCE_DIR}/.venv/bin)
set(DOCS_USABLE FALSE)
if(REGESTA_DOCS AND DOCS_PYTHON AND NPM)
  execute_process(COMMAND ${DOCS_PYTHON} -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
                  RESULT_VARIABLE DOCS_PYTHON_RESULT OUTPUT_QUIET ERROR_QUIET)
  if(DOCS_PYTHON_RESULT EQUAL 0)
    set(DOCS_USABLE TRUE)
  endif()
endif()
set(DOCS_OUT ${CMAKE_SOURCE_DIR}/build/docs)
if(DOCS_USABLE)
  set(DOCS_CPP ${DOCS_OUT}/embedded.cpp)
  set(DOCS_ASM ${DOCS_OUT}/embedded.S)
  file(GLOB_RECURSE DOCS_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/* ${CMAKE_SOURCE_DIR}/tools/docs/*)
  list(FILTER DOCS_SOURCES EXCLUDE REGEX "__pycache__")
  file(GLOB DOCS_PROJECT_PAGES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/*.md)
  add_custom_command(OUTPUT ${DOCS_CPP} ${DOCS_ASM}
    COMMAND ${CMAKE_COMMAND} -E env PYTHON=${DOCS_PYTHON} ${CMAKE_SOURCE_DIR}/tools/docs/build ${DOCS_OUT}
    DEPENDS ${DOCS_SOURCES} ${DOCS_PROJECT_PAGES} ${CMAKE_SOURCE_DIR}/web/embed.mjs
    COMMENT "documentation" VERBATIM)
  target_sources(api PRIVATE ${DOCS_CPP} ${DOCS_ASM})
else()
  message(STATUS "documentation: left out (Python 3.11 or npm not found, or REGESTA_DOCS is OFF)")
  set(DOCS_CPP ${CMAKE_BINARY_DIR}/generated/docs_none.cpp)
  file(CONFIGURE OUTPUT ${DOCS_CPP} CONTENT
"#include \"api/web/files.h\"\nnamespace regesta::api::web {\nstd::span<const File> docsFiles() { return {}; }\n}\n")
  target_sources(api PRIVATE ${DOCS_CPP})
endif()
