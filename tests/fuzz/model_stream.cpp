// rooms: cli
// A response of a model's server, parsed in two pieces and in one.
#include "base/error.h"
#include "cli/model/answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    regesta::cli::CompletionStream stream;
    stream.take(bytes.substr(0, size / 2));
    stream.take(bytes.substr(size / 2));
    stream.finish();
  } catch (const regesta::Error&) {
  }
  try {
    regesta::cli::readCompletion(bytes);
  } catch (const regesta::Error&) {
  }
  return 0;
}
