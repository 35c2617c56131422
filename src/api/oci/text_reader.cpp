#include <algorithm>

#include "api/oci/common.h"

namespace regesta::api::oci {
namespace {

class TextReader final : public blob::Reader {
 public:
  explicit TextReader(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  std::size_t read(std::uint64_t offset, std::span<char> into) override {
    if (offset >= text_.size()) return 0;
    return text_.copy(into.data(), into.size(), static_cast<std::size_t>(offset));
  }

 private:
  std::string text_;
};

}  // namespace

std::unique_ptr<blob::Reader> readText(std::string text) { return std::make_unique<TextReader>(std::move(text)); }

}  // namespace regesta::api::oci
