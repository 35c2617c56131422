# The C++ of src/api/otlp.proto. Made by other people's generator, so our warnings are not for it.
set(OTLP_PROTO ${CMAKE_SOURCE_DIR}/src/api/otlp.proto)
set(OTLP_OUT ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${OTLP_OUT})
add_custom_command(OUTPUT ${OTLP_OUT}/otlp.pb.cc ${OTLP_OUT}/otlp.pb.h
  COMMAND protobuf::protoc --cpp_out=${OTLP_OUT} --proto_path=${CMAKE_SOURCE_DIR}/src/api otlp.proto
  DEPENDS ${OTLP_PROTO} VERBATIM)
set_source_files_properties(${OTLP_OUT}/otlp.pb.cc PROPERTIES COMPILE_OPTIONS -w SKIP_PRECOMPILE_HEADERS ON)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/api/otlp_protobuf.cpp PROPERTIES
  INCLUDE_DIRECTORIES ${OTLP_OUT} OBJECT_DEPENDS ${OTLP_OUT}/otlp.pb.h)
target_sources(api PRIVATE ${OTLP_OUT}/otlp.pb.cc)
add_custom_target(otlp_reader DEPENDS ${OTLP_OUT}/otlp.pb.cc ${OTLP_OUT}/otlp.pb.h)  # as early as web_ui
add_dependencies(api otlp_reader)
