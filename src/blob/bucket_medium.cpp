#include <sys/mman.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "blob/bucket.h"
#include "blob/medium.h"

namespace regesta::blob {
namespace {

constexpr std::string_view ending = ".pack";
constexpr std::size_t placeBytes = 100;

/// The content of a finished spool file.
class Mapping {
 public:
  explicit Mapping(const Spool& spool) : size_(static_cast<std::size_t>(spool.size())) {
    file::Handle handle = file::openFile(spool.path());  // the spool's own is for writing
    memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, handle.get(), 0);
    if (memory_ == MAP_FAILED) file::fail("read", spool.path());
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(memory_, size_); }
  std::string_view content() const { return {static_cast<const char*>(memory_), size_}; }

 private:
  void* memory_;
  std::size_t size_;
};

class BucketMedium final : public Medium {
 public:
  BucketMedium(BucketOptions options, const std::string& folder)
      : bucket_(std::move(options)), name_(bucket_.address().text()), spools_(folder + "/tmp") {
    file::makeFolders(spools_);
    removeStaleSpools(spools_);
    place_ = findPlace();
    bucket_.list("packs/00");  // the credentials may lack the right to list, which collection needs
  }

  const std::string& place() const override { return place_; }
  const std::string& name() const override { return name_; }
  const std::string& spools() const override { return spools_; }
  std::string outage() override { return bucket_.outage(); }

  /// One request, which the object store carries out whole or not at all, and whose answer says that the content
  /// arrived unchanged. A repeated request writes the same again.
  void publish(Spool& spool, const PackName& name) override { bucket_.put(key(name), Mapping(spool).content()); }

  std::size_t read(const PackName& name, std::uint64_t offset, std::span<char> into) override {
    return into.empty() ? 0 : bucket_.read(key(name), offset, into).value_or(0);
  }

  /// A request takes some tens of milliseconds before the first byte.
  std::size_t readAhead() const override { return 2 * 1024 * 1024; }

  bool remove(const PackName& name) override {
    bucket_.remove(key(name));
    return true;
  }

  /// Backups do not copy buckets.
  std::shared_ptr<void> lockForRemoval() override { return std::make_shared<int>(); }

  void list(const std::function<void(const Item&)>& visit) override {
    for (const Bucket::Item& item : bucket_.list("packs")) {
      std::string_view stem = std::string_view(item.key).substr(item.key.rfind('/') + 1);
      if (!stem.ends_with(ending)) continue;
      stem.remove_suffix(ending.size());
      if (isPackName(stem) && item.key == key(PackName(stem))) visit({PackName(stem), item.size, item.modifiedAt});
    }
  }

 private:
  static std::string key(const PackName& name) { return fmt::format("packs/{}/{}{}", name.substr(0, 2), name, ending); }

  std::optional<std::string> readPlace() {
    std::array<char, placeBytes> text{};
    auto count = bucket_.read("place", 0, text);
    if (!count) return std::nullopt;
    std::string found(text.data(), *count);
    found = found.substr(0, found.find('\n'));
    if (!isPackName(found))
      throw error(Code::corrupt, "the object place of {} does not hold the identifier of a content store",
                  bucket_.address().text());
    return found;
  }

  /// Servers that open a new bucket at once agree on one identifier, if the object store has conditional writes.
  std::string findPlace() {
    if (auto known = readPlace()) return *known;
    std::string chosen = randomHex(16);
    if (bucket_.create("place", chosen + "\n") && bucket_.create("place", chosen + "\n"))
      log(LogLevel::warn,
          "the object store ignores If-None-Match: do not start several servers at the same time on a new bucket",
          {{"blobs", bucket_.address().text()}});
    if (auto known = readPlace()) return *known;
    throw error(Code::unavailable, "{} does not return what was stored in it: the object place is missing",
                bucket_.address().text());
  }

  Bucket bucket_;
  std::string name_, spools_, place_;
};

}  // namespace

std::unique_ptr<Medium> openBucket(BucketOptions options, const std::string& folder) {
  return std::make_unique<BucketMedium>(std::move(options), folder);
}

}  // namespace regesta::blob
