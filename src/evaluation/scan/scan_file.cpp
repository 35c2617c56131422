#include "evaluation/scan/scan_file.h"

#include <exception>
#include <memory>

#include "base/error.h"
#include "regesta_native.h"

namespace regesta::evaluation {
namespace {

struct Source {
  blob::Reader& reader;
  std::exception_ptr failure;
};

/// No exception may pass through the scanner: it is kept and thrown afterwards.
std::int64_t readAt(void* context, std::uint64_t offset, std::uint8_t* into, std::size_t size) {
  auto& source = *static_cast<Source*>(context);
  if (source.failure) return -1;
  try {
    return static_cast<std::int64_t>(source.reader.read(offset, {reinterpret_cast<char*>(into), size}));
  } catch (...) {
    source.failure = std::current_exception();
    return -1;
  }
}

}  // namespace

json::object scanFile(blob::Reader& reader, std::string_view name) {
  Source source{reader, nullptr};
  RegestaBuffer out{};
  int result = regesta_scan(readAt, &source, reader.size(), reinterpret_cast<const std::uint8_t*>(name.data()),
                            name.size(), &out);
  std::string text(reinterpret_cast<const char*>(out.data), out.size);
  regesta_buffer_free(out);
  if (source.failure) std::rethrow_exception(source.failure);
  if (result != REGESTA_OK) throw error(Code::internal, "the scan of '{}' failed: {}", name, text);
  return parseJson(text).as_object();
}

}  // namespace regesta::evaluation
