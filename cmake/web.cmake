# The web UI travels inside the binary: web/ is built with npm into build/web, compressed there, and assembled in. Without
# npm, or with -DREGESTA_WEB=OFF, the server says so on its first page and is otherwise whole.
option(REGESTA_WEB "build the web UI into the program" ON)
find_program(NPM npm HINTS ${CMAKE_SOURCE_DIR}/.venv/bin)
set(WEB_OUT ${CMAKE_SOURCE_DIR}/build/web)
set(WEB_CPP ${WEB_OUT}/embedded.cpp)
set(WEB_ASM ${WEB_OUT}/embedded.S)
if(REGESTA_WEB AND NPM)
  file(GLOB_RECURSE WEB_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/public/*)
  add_custom_command(OUTPUT ${WEB_CPP} ${WEB_ASM}
    COMMAND ${CMAKE_SOURCE_DIR}/web/build ${WEB_OUT}
    DEPENDS ${WEB_SOURCES} ${CMAKE_SOURCE_DIR}/web/build ${CMAKE_SOURCE_DIR}/web/embed.mjs ${CMAKE_SOURCE_DIR}/web/index.html
            ${CMAKE_SOURCE_DIR}/web/package-lock.json ${CMAKE_SOURCE_DIR}/web/vite.config.ts
    COMMENT "web UI" VERBATIM)
  target_sources(api PRIVATE ${WEB_CPP} ${WEB_ASM})
  # A target of its own, so that npm starts at once and not after all rooms below api.
  add_custom_target(web_ui DEPENDS ${WEB_CPP} ${WEB_ASM})
  add_dependencies(api web_ui)
else()
  message(STATUS "web UI: left out (npm not found, or REGESTA_WEB is OFF)")
  set(WEB_CPP ${CMAKE_BINARY_DIR}/generated/web_none.cpp)
  file(CONFIGURE OUTPUT ${WEB_CPP} CONTENT
"#include \"api/web/files.h\"\nnamespace regesta::api::web {\nstd::span<const File> files() { return {}; }\n}\n")
  target_sources(api PRIVATE ${WEB_CPP})
endif()
