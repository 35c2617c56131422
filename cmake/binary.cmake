add_executable(regesta src/cli/main.cpp)
target_link_libraries(regesta PRIVATE cli)
target_precompile_headers(regesta REUSE_FROM prelude)
set_target_properties(regesta PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
install(TARGETS regesta RUNTIME DESTINATION bin)

# migrations/*.sql travel inside the binary.
file(GLOB MIGRATIONS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/migrations/*.sql)
set(MIGRATIONS_CPP ${CMAKE_BINARY_DIR}/generated/migrations.cpp)
add_custom_command(OUTPUT ${MIGRATIONS_CPP}
  COMMAND ${CMAKE_COMMAND} -DOUT=${MIGRATIONS_CPP} "-DFILES=${MIGRATIONS}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake
  DEPENDS ${MIGRATIONS} ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake VERBATIM)
target_sources(db PRIVATE ${MIGRATIONS_CPP})
