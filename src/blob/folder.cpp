#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "blob/medium.h"

namespace regesta::blob {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view ending = ".pack";

std::vector<fs::directory_entry> entriesOf(const std::string& folder) {
  std::vector<fs::directory_entry> entries;
  std::error_code failure;
  for (fs::directory_iterator each(folder, failure), end; !failure && each != end; each.increment(failure))
    entries.push_back(*each);
  if (failure) file::fail("list", folder, failure.value());
  return entries;
}

/// A lock on `folder`/hold; null when somebody else has it and `kind` does not wait.
std::shared_ptr<void> lockHold(const std::string& folder, int kind) {
  std::string path = folder + "/hold";
  auto handle = std::make_shared<file::Handle>(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!*handle) file::fail("open", path);
  if (::flock(handle->get(), kind) == 0) return handle;
  if (errno == EWOULDBLOCK) return nullptr;
  file::fail("lock", path);
}

class Folder final : public Medium {
 public:
  explicit Folder(const std::string& root) : root_(root), packs_(root + "/packs"), spools_(root + "/tmp") {
    file::makeFolders(packs_);
    file::makeFolders(spools_);
    removeStaleSpools(spools_);
    std::string file = root + "/place";
    if (!fs::exists(file)) choosePlace(root, file);
    file::settle(file);
    auto known = file::readFile(file, 100);
    if (!known) throw error(Code::unavailable, "{} was removed while it was opened", file);
    place_ = known->substr(0, known->find('\n'));
    if (!isPackName(place_)) throw error(Code::corrupt, "{} does not hold the identifier of a content store", file);
  }

  const std::string& place() const override { return place_; }
  const std::string& name() const override { return root_; }
  const std::string& spools() const override { return spools_; }

  void publish(Spool& spool, const PackName& name) override {
    file::syncFile(spool.handle(), spool.path());
    file::makeFolders(shelf(name));
    file::renameFile(spool.path(), path(name));
    spool.release();
    file::syncFolder(shelf(name));
  }

  std::size_t read(const PackName& name, std::uint64_t offset, std::span<char> into) override {
    file::Handle handle = file::openFile(path(name));
    return handle ? file::readAt(handle, path(name), offset, into) : 0;
  }

  bool remove(const PackName& name) override {
    if (!file::removeFile(path(name))) return false;
    file::syncFolder(shelf(name));
    return true;
  }

  std::shared_ptr<void> lockForRemoval() override { return lockHold(root_, LOCK_EX | LOCK_NB); }

  void list(const std::function<void(const Item&)>& visit) override {
    for (const auto& shelf : entriesOf(packs_)) {
      std::error_code removed;
      if (!shelf.is_directory(removed)) continue;
      // The process that put a pack there may have been killed before it was durable, and callers build upon what they
      // see.
      file::makeFolders(shelf.path().string());
      file::syncFolder(shelf.path().string());
      for (const auto& entry : entriesOf(shelf.path().string())) {
        std::string stem = entry.path().stem().string();
        struct stat info{};
        if (!isPackName(stem) || entry.path().extension() != ending || ::stat(entry.path().c_str(), &info) != 0)
          continue;
        visit({stem, static_cast<std::uint64_t>(info.st_size),
               info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000});
      }
    }
  }

 private:
  /// Servers that open a new folder at once agree on one identifier: link() never replaces.
  static void choosePlace(const std::string& root, const std::string& file) {
    std::string draft = fmt::format("{}/tmp/place-{}", root, randomHex(8));
    file::replaceFiles({{draft, randomHex(16) + "\n"}});
    int linked = ::link(draft.c_str(), file.c_str());
    int number = errno;
    file::removeFile(draft);
    if (linked != 0 && number != EEXIST) file::fail("create", file, number);
  }

  std::string shelf(const PackName& name) const { return fmt::format("{}/{}", packs_, name.substr(0, 2)); }
  std::string path(const PackName& name) const { return fmt::format("{}/{}{}", shelf(name), name, ending); }

  std::string root_, packs_, spools_, place_;
};

}  // namespace

std::shared_ptr<void> keepPacks(const std::string& folder) { return lockHold(folder, LOCK_SH); }

std::unique_ptr<Medium> openFolder(const std::string& folder) { return std::make_unique<Folder>(folder); }

}  // namespace regesta::blob
