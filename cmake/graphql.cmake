# The GraphQL schemas of fronts as C++ literals.
foreach(GRAPHQL_FRONT mlflow wandb)
  set(GRAPHQL_SCHEMA ${CMAKE_SOURCE_DIR}/src/api/${GRAPHQL_FRONT}/schema.graphql)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${GRAPHQL_SCHEMA})
  file(READ ${GRAPHQL_SCHEMA} GRAPHQL_TEXT)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/api/${GRAPHQL_FRONT}/schema.inc
       CONTENT "R\"graphql(${GRAPHQL_TEXT})graphql\"\n" @ONLY)
endforeach()
target_include_directories(api PRIVATE ${CMAKE_BINARY_DIR}/generated)
