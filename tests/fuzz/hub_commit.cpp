// The lines of a commit from anybody: operations on paths that stay in the repository, or an Error that is the
// client's.
// rooms: api
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/hf/commit_reader.h"
#include "base/error.h"
#include "registry/tree.h"

using namespace regesta;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

class Discard final : public blob::Writer {
 public:
  void write(std::string_view bytes) override { size_ += bytes.size(); }
  const blob::Digest& finish() override { return digest_; }
  blob::Stored commit() override { return {digest_, size_}; }

 private:
  blob::Digest digest_ = blob::Digest(64, '0');
  std::uint64_t size_ = 0;
};

class Nowhere final : public blob::BlobStore {
 public:
  std::unique_ptr<blob::Writer> create() override { return std::make_unique<Discard>(); }
  std::unique_ptr<blob::Reader> open(std::string_view) override { return nullptr; }
  bool has(std::string_view) override { return false; }
  bool remove(std::string_view) override { return false; }
  void list(const std::function<void(const blob::Stored&)>&) override {}
  std::uint64_t sharedBytes(std::string_view, std::string_view) override { return 0; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Nowhere blobs;
  api::hf::CommitReader reader(blobs);
  try {
    for (; bytes.size() > 7; bytes.remove_prefix(7)) reader.write(bytes.substr(0, 7));
    reader.write(bytes);
    for (const api::hf::Operation& operation : reader.finish().operations)
      require(!operation.path.empty() && registry::safePath(operation.path) == operation.path);
  } catch (const Error& fault) {
    require(httpStatus(fault.code) < 500);
  }
  return 0;
}
