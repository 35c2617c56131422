# W&B's schema as a C++ literal.
set(GRAPHQL_SCHEMA ${CMAKE_SOURCE_DIR}/src/api/wandb/schema.graphql)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${GRAPHQL_SCHEMA})
file(READ ${GRAPHQL_SCHEMA} GRAPHQL_TEXT)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/api/wandb/schema.inc
     CONTENT "R\"graphql(${GRAPHQL_TEXT})graphql\"\n" @ONLY)
target_include_directories(api PRIVATE ${CMAKE_BINARY_DIR}/generated)
