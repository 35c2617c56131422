# Compiler flags that hold for every target.
set(REGESTA_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")
option(REGESTA_FUZZ "Build the libFuzzer targets" OFF)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers
                    -Wno-gnu-zero-variadic-macro-arguments -fno-omit-frame-pointer)
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED)
# Addresses are resolved at the start and then read-only, code lies anywhere, no stack can be executed.
add_link_options(-fuse-ld=lld-19 -pie -Wl,-z,relro,-z,now,-z,noexecstack)
# One kind of code for rooms and programs alike, or they could not share the precompiled header.
add_compile_options(-fPIE)
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_CXX_FLAGS_QUICK "-O0")  # for a first look: generating optimised code is most of a build
set(CMAKE_CXX_FLAGS_RELEASE "-O2")  # no line tables: packages are stripped, and these take a quarter of the time
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-Wl,--gc-sections)
  # No path of this machine is in the program: the same sources make the same program anywhere (make reproduce).
  add_compile_options(-ffunction-sections -fdata-sections -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
  if(NOT REGESTA_SANITIZE)
    # What is released also checks its stack frames and buffers, and marks where indirect jumps may lead. Development builds
    # are not optimised, which _FORTIFY_SOURCE needs. tests/cli/test_hardening.py reads the program for it.
    add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection=full
                        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    add_link_options(-Wl,-z,shstk)
  endif()
endif()

if(REGESTA_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
  add_compile_options(-fsanitize=${REGESTA_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${REGESTA_SANITIZE})
  add_compile_definitions(BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING REGESTA_SANITIZED=1)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # A precompiled header holds absolute paths, so its bytes differ from clone to clone. Here it is known by what it is made of
  # instead (CCACHE_PCH_EXTSUM reads the .sum file beside it), and a clone in another folder hits the cache.
  file(SHA256 ${CMAKE_SOURCE_DIR}/src/base/prelude.h PRELUDE_SUM)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/base/prelude.h)
  file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/prelude.dir/cmake_pch.hxx.pch.sum
       "${PRELUDE_SUM} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${REGESTA_SANITIZE}\n")
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1 ${CCACHE})
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Xclang$<SEMICOLON>-fno-pch-timestamp>)
  # CMake would also name the header by its absolute path, which the cache cannot make relative.
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
endif()
