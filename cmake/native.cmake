# The Rust crate in native/: regorus, blake3 and minijinja behind one C ABI. All presets but quick share one archive.
find_program(CARGO cargo REQUIRED HINTS $ENV{HOME}/.cargo/bin)
set(NATIVE_TARGET ${CMAKE_SOURCE_DIR}/build/native)
if(CMAKE_BUILD_TYPE STREQUAL "Quick")
  set(NATIVE_PROFILE quick)
else()
  set(NATIVE_PROFILE release)
endif()
# As in toolchain.cmake: crates name their sources in messages, and those lie in cargo's folder.
set(CARGO_FOLDER $ENV{CARGO_HOME})
if(NOT CARGO_FOLDER)
  set(CARGO_FOLDER $ENV{HOME}/.cargo)
endif()
set(NATIVE_FLAGS "--remap-path-prefix=${CARGO_FOLDER}=/cargo --remap-path-prefix=${CMAKE_SOURCE_DIR}=.")
set(NATIVE_LIBRARY ${NATIVE_TARGET}/${NATIVE_PROFILE}/libregesta_native.a)
file(GLOB_RECURSE NATIVE_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/native/src/*.rs)
add_custom_command(
  OUTPUT ${NATIVE_LIBRARY}
  COMMAND ${CMAKE_COMMAND} -E env CARGO_TARGET_DIR=${NATIVE_TARGET} CC=clang-19 RUSTFLAGS=${NATIVE_FLAGS}
          ${CARGO} build --profile ${NATIVE_PROFILE} --locked --manifest-path ${CMAKE_SOURCE_DIR}/native/Cargo.toml
  DEPENDS ${NATIVE_SOURCES} ${CMAKE_SOURCE_DIR}/native/Cargo.toml ${CMAKE_SOURCE_DIR}/native/Cargo.lock
  COMMENT "cargo build (native)" VERBATIM)
add_custom_target(native_build DEPENDS ${NATIVE_LIBRARY})
# Linked by its path and not as a target: compiling C++ must not wait for cargo, only linking does.
add_library(native INTERFACE)
target_link_libraries(native INTERFACE ${NATIVE_LIBRARY})
target_include_directories(native INTERFACE ${CMAKE_SOURCE_DIR}/native/include)
