#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// What a file system has in memory and what of it is on the disk. Bytes of a file reach the disk by its fsync, entries
/// of a folder by the folder's. Everything else may be lost in any part when the power goes. Not thread-safe.
namespace powercut {

struct Node;
using NodePtr = std::shared_ptr<Node>;

/// A write (or, with `truncates`, a new length) that is not on the disk.
struct FileChange {
  std::uint64_t offset = 0;
  std::string bytes;
  bool truncates = false;
};

/// An entry that was set or removed and is not on the disk. Both halves of a rename share `landed`: the old name goes
/// only after the new one is on the disk, as in a file system with a journal.
struct FolderChange {
  std::string name;
  NodePtr node;
  bool removes = false;
  std::shared_ptr<bool> landed;
};

struct Node {
  struct stat info{};
  std::string path;  ///< the last name it had
  // A file:
  std::string bytes, durableBytes;
  std::vector<FileChange> fileChanges;
  // A folder:
  std::map<std::string, NodePtr> entries, durableEntries;
  std::vector<FolderChange> folderChanges;
  std::weak_ptr<Node> parent;

  bool isFolder() const { return S_ISDIR(info.st_mode); }
};

/// What survives of the changes that were not synced.
enum class Survivors {
  nothing,  ///< but what was synced
  names,    ///< all entries and lengths; no bytes
  bytes,    ///< all bytes; no entries
  latest,   ///< of each folder, the entry that was set last; no bytes
  some,     ///< a part of each, by the seed
};

class Image {
 public:
  Image();
  const NodePtr& root() const { return root_; }
  std::uint64_t used() const { return used_; }

  NodePtr make(const NodePtr& folder, const std::string& name, mode_t mode);
  void link(const NodePtr& node, const NodePtr& folder, const std::string& name);
  void unlink(const NodePtr& folder, const std::string& name);
  void rename(const NodePtr& from, const std::string& name, const NodePtr& to, const std::string& newName);
  void write(Node& file, std::uint64_t offset, std::string_view bytes);
  void truncate(Node& file, std::uint64_t length);
  static void syncFile(Node& file);
  static void syncFolder(Node& folder);

  /// The power goes and comes back.
  void cut(Survivors survivors, std::uint64_t seed);

 private:
  void set(const NodePtr& folder, const std::string& name, const NodePtr& node, std::shared_ptr<bool> landed = nullptr);

  NodePtr root_;
  ino_t next_ = 1;
  std::uint64_t used_ = 0;
};

}  // namespace powercut
