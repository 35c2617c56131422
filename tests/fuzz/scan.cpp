// Files from anybody, looked into without being loaded; the first byte chooses the name, which decides how.
// rooms: evaluation
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "evaluation/scan/scan_file.h"

using namespace regesta;

namespace {

class Memory final : public blob::Reader {
 public:
  explicit Memory(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  std::size_t read(std::uint64_t offset, std::span<char> into) override {
    if (offset > bytes_.size()) return 0;
    return bytes_.copy(into.data(), into.size(), static_cast<std::size_t>(offset));
  }

 private:
  std::string_view bytes_;
};

constexpr std::string_view names[] = {"model.pkl",  "model.pt",   "model.keras", "model.h5", "model.safetensors",
                                      "model.gguf", "model.onnx", "a.zip",       "a.tar",    "notes.txt"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Memory file({reinterpret_cast<const char*>(data) + 1, size - 1});
  json::object report = evaluation::scanFile(file, names[data[0] % std::size(names)]);
  if (!report.contains("findings") || !report.at("complete").is_bool()) std::abort();
  return 0;
}
