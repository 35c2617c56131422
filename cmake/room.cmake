# One static library a room. Third-party libraries are linked to the rooms that own them and to no other.
set(OWNS_base       native tomlplusplus::tomlplusplus)
set(OWNS_crypto     OpenSSL::Crypto PkgConfig::sodium)
set(OWNS_db         SQLite::SQLite3 PostgreSQL::PostgreSQL)
set(OWNS_http       OpenSSL::SSL CURL::libcurl ZLIB::ZLIB)
set(OWNS_api        native protobuf::libprotobuf-lite PkgConfig::libarchive)
set(OWNS_blob       native)
set(OWNS_evaluation native)
set(OWNS_git        PkgConfig::libgit2 ZLIB::ZLIB)
set(OWNS_policy     native PkgConfig::seccomp)
set(OWNS_prompt     PkgConfig::yaml)
set(OWNS_cli        CLI11::CLI11)

# Everyone sees these: the standard library, fmt and Boost.JSON, compiled once.
add_library(prelude STATIC ${CMAKE_SOURCE_DIR}/src/base/prelude.cpp ${CMAKE_SOURCE_DIR}/src/base/format_library.cpp)
target_include_directories(prelude PUBLIC ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(prelude PUBLIC Boost::json Threads::Threads)
target_precompile_headers(prelude PRIVATE ${CMAKE_SOURCE_DIR}/src/base/prelude.h)

# Twenty sources at a time compile in half the time, but an edit of one then compiles all of them: for builds from nothing.
option(REGESTA_UNITY "Compile the sources of a room twenty at a time" OFF)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# regesta_unity(ROOM VARIABLE): replaces the sources in VARIABLE by files that include them. Which ones go together depends on
# their text.
function(regesta_unity name variable)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${${variable}} ${CMAKE_SOURCE_DIR}/cmake/unity.py)
  execute_process(COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/cmake/unity.py ${CMAKE_BINARY_DIR}/unity ${name} 20 ${${variable}}
                  OUTPUT_VARIABLE joined COMMAND_ERROR_IS_FATAL ANY)
  set(${variable} ${joined} PARENT_SCOPE)
endfunction()

function(regesta_room name)
  cmake_parse_arguments(ROOM "" "" "USES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/src/base/prelude.cpp
       ${CMAKE_SOURCE_DIR}/src/base/format_library.cpp ${CMAKE_SOURCE_DIR}/src/cli/main.cpp)
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE prelude ${ROOM_USES})
    return()
  endif()
  if(REGESTA_UNITY)
    regesta_unity(${name} sources)
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC prelude ${ROOM_USES} PRIVATE ${OWNS_${name}})
  target_precompile_headers(${name} REUSE_FROM prelude)
  if(REGESTA_UNITY)
    target_compile_options(${name} PRIVATE -Wno-shadow)  # of a name in another source, which the other builds do not see
  endif()
endfunction()
