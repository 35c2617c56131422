#define FUSE_USE_VERSION 314
#include "operations.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>

namespace powercut {
namespace {

constexpr double cacheSeconds = 3600;  // nobody else changes it
constexpr unsigned pageBytes = 4096;

Disk& diskOf(fuse_req_t request) { return *static_cast<Disk*>(fuse_req_userdata(request)); }

struct stat shown(const Node& node) {
  struct stat info = node.info;
  info.st_size = static_cast<off_t>(node.bytes.size());
  info.st_blocks = static_cast<blkcnt_t>((node.bytes.size() + 511) / 512);
  info.st_blksize = pageBytes;
  info.st_atim = info.st_mtim;
  return info;
}

fuse_entry_param entryOf(Disk& disk, const NodePtr& node) {
  disk.known[node->info.st_ino] = node;
  fuse_entry_param entry{};
  entry.ino = node->info.st_ino;
  entry.attr = shown(*node);
  entry.attr_timeout = entry.entry_timeout = cacheSeconds;
  return entry;
}

std::string pathIn(const Node& folder, const char* name) {
  return folder.path.empty() ? name : folder.path + "/" + name;
}

/// Runs `action` under the lock unless a fault is due; an error that it returns is the answer.
void run(fuse_req_t request, const char* kind, fuse_ino_t number, const char* name,
         const std::function<int(Disk&, const NodePtr&)>& action) {
  Disk& disk = diskOf(request);
  int error = 0;
  {
    std::lock_guard lock(disk.mutex);
    auto found = disk.known.find(number);
    if (found == disk.known.end()) {
      error = ENOENT;
    } else {
      NodePtr node = found->second;
      std::string path = name == nullptr ? node->path : pathIn(*node, name);
      bool wasOff = disk.faults.isOff();
      error = kind == nullptr ? (disk.faults.isOff() ? EIO : 0) : disk.faults.before(kind, path);
      if (disk.faults.isOff() && !wasOff) disk.off.notify_all();
      if (error == 0) error = action(disk, node);
    }
  }
  if (error != 0) fuse_reply_err(request, error);
}

bool isFull(const Disk& disk, std::uint64_t more) { return disk.image.used() + more > disk.capacity; }

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  run(request, nullptr, parent, nullptr, [&](Disk& disk, const NodePtr& folder) {
    auto found = folder->entries.find(name);
    if (found == folder->entries.end()) return ENOENT;
    fuse_entry_param entry = entryOf(disk, found->second);
    fuse_reply_entry(request, &entry);
    return 0;
  });
}

void getattr(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
  run(request, nullptr, number, nullptr, [&](Disk&, const NodePtr& node) {
    struct stat info = shown(*node);
    fuse_reply_attr(request, &info, cacheSeconds);
    return 0;
  });
}

void setattr(fuse_req_t request, fuse_ino_t number, struct stat* wanted, int what, fuse_file_info*) {
  const char* kind = (what & FUSE_SET_ATTR_SIZE) != 0 ? "write" : nullptr;
  run(request, kind, number, nullptr, [&](Disk& disk, const NodePtr& node) {
    if (disk.faults.isReadOnly()) return EROFS;
    if ((what & FUSE_SET_ATTR_MODE) != 0)
      node->info.st_mode = (node->info.st_mode & S_IFMT) | (wanted->st_mode & 07777);
    if ((what & FUSE_SET_ATTR_UID) != 0) node->info.st_uid = wanted->st_uid;
    if ((what & FUSE_SET_ATTR_GID) != 0) node->info.st_gid = wanted->st_gid;
    if ((what & FUSE_SET_ATTR_SIZE) != 0) disk.image.truncate(*node, static_cast<std::uint64_t>(wanted->st_size));
    if ((what & FUSE_SET_ATTR_MTIME) != 0) node->info.st_mtim = wanted->st_mtim;
    if ((what & FUSE_SET_ATTR_MTIME_NOW) != 0) clock_gettime(CLOCK_REALTIME, &node->info.st_mtim);
    struct stat info = shown(*node);
    fuse_reply_attr(request, &info, cacheSeconds);
    return 0;
  });
}

void create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* file) {
  run(request, "create", parent, name, [&](Disk& disk, const NodePtr& folder) {
    if (isFull(disk, pageBytes)) return ENOSPC;
    auto found = folder->entries.find(name);
    if (found != folder->entries.end() && (file->flags & O_EXCL) != 0) return EEXIST;
    NodePtr node =
        found != folder->entries.end() ? found->second : disk.image.make(folder, name, (mode & 07777) | S_IFREG);
    fuse_entry_param entry = entryOf(disk, node);
    file->keep_cache = 1;
    fuse_reply_create(request, &entry, file);
    return 0;
  });
}

void mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
  run(request, "mkdir", parent, name, [&](Disk& disk, const NodePtr& folder) {
    if (folder->entries.contains(name)) return EEXIST;
    if (isFull(disk, pageBytes)) return ENOSPC;
    fuse_entry_param entry = entryOf(disk, disk.image.make(folder, name, (mode & 07777) | S_IFDIR));
    fuse_reply_entry(request, &entry);
    return 0;
  });
}

void removeEntry(fuse_req_t request, fuse_ino_t parent, const char* name, bool isFolder) {
  run(request, "unlink", parent, name, [&](Disk& disk, const NodePtr& folder) {
    auto found = folder->entries.find(name);
    if (found == folder->entries.end()) return ENOENT;
    if (found->second->isFolder() != isFolder) return isFolder ? ENOTDIR : EISDIR;
    if (isFolder && !found->second->entries.empty()) return ENOTEMPTY;
    disk.image.unlink(folder, name);
    fuse_reply_err(request, 0);
    return 0;
  });
}
void unlink(fuse_req_t request, fuse_ino_t parent, const char* name) { removeEntry(request, parent, name, false); }
void rmdir(fuse_req_t request, fuse_ino_t parent, const char* name) { removeEntry(request, parent, name, true); }

void rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t newParent, const char* newName,
            unsigned flags) {
  run(request, "rename", parent, name, [&](Disk& disk, const NodePtr& from) {
    auto to = disk.known.find(newParent);
    if (to == disk.known.end() || !from->entries.contains(name)) return ENOENT;
    if (flags > 1) return EINVAL;
    auto replaced = to->second->entries.find(newName);
    if (replaced != to->second->entries.end() && flags == 1) return EEXIST;
    if (replaced != to->second->entries.end() && !replaced->second->entries.empty()) return ENOTEMPTY;
    disk.image.rename(from, name, to->second, newName);
    fuse_reply_err(request, 0);
    return 0;
  });
}

void link(fuse_req_t request, fuse_ino_t number, fuse_ino_t newParent, const char* newName) {
  run(request, "rename", newParent, newName, [&](Disk& disk, const NodePtr& folder) {
    auto node = disk.known.find(number);
    if (node == disk.known.end()) return ENOENT;
    if (folder->entries.contains(newName)) return EEXIST;
    disk.image.link(node->second, folder, newName);
    fuse_entry_param entry = entryOf(disk, node->second);
    fuse_reply_entry(request, &entry);
    return 0;
  });
}

void open(fuse_req_t request, fuse_ino_t number, fuse_file_info* file) {
  run(request, "open", number, nullptr, [&](Disk& disk, const NodePtr&) {
    if (disk.faults.isReadOnly() && (file->flags & O_ACCMODE) != O_RDONLY) return EROFS;
    file->keep_cache = 1;
    fuse_reply_open(request, file);
    return 0;
  });
}

void opendir(fuse_req_t request, fuse_ino_t number, fuse_file_info* file) {
  run(request, "open", number, nullptr, [&](Disk&, const NodePtr&) {
    fuse_reply_open(request, file);
    return 0;
  });
}

void read(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset, fuse_file_info*) {
  run(request, "read", number, nullptr, [&](Disk&, const NodePtr& node) {
    std::size_t at = std::min(static_cast<std::size_t>(offset), node->bytes.size());
    fuse_reply_buf(request, node->bytes.data() + at, std::min(size, node->bytes.size() - at));
    return 0;
  });
}

void write(fuse_req_t request, fuse_ino_t number, const char* bytes, std::size_t size, off_t offset, fuse_file_info*) {
  run(request, "write", number, nullptr, [&](Disk& disk, const NodePtr& node) {
    std::uint64_t end = static_cast<std::uint64_t>(offset) + size, length = node->bytes.size();
    if (end > length && isFull(disk, end - length)) return ENOSPC;
    disk.image.write(*node, static_cast<std::uint64_t>(offset), {bytes, size});
    fuse_reply_write(request, size);
    return 0;
  });
}

void fsync(fuse_req_t request, fuse_ino_t number, int, fuse_file_info*) {
  run(request, "fsync", number, nullptr, [&](Disk&, const NodePtr& node) {
    Image::syncFile(*node);
    fuse_reply_err(request, 0);
    return 0;
  });
}

void fsyncdir(fuse_req_t request, fuse_ino_t number, int, fuse_file_info*) {
  run(request, "fsync", number, nullptr, [&](Disk&, const NodePtr& node) {
    Image::syncFolder(*node);
    fuse_reply_err(request, 0);
    return 0;
  });
}

void readdir(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset, fuse_file_info*) {
  run(request, nullptr, number, nullptr, [&](Disk&, const NodePtr& folder) {
    std::string answer(size, '\0');
    std::size_t used = 0;
    off_t at = 0;
    auto add = [&](const char* name, const struct stat& info) {
      if (at++ < offset) return true;
      std::size_t length = fuse_add_direntry(request, answer.data() + used, size - used, name, &info, at);
      if (length > size - used) return false;
      used += length;
      return true;
    };
    if (add(".", folder->info) && add("..", folder->info))
      for (const auto& [name, child] : folder->entries)
        if (!add(name.c_str(), child->info)) break;
    fuse_reply_buf(request, answer.data(), used);
    return 0;
  });
}

void statfs(fuse_req_t request, fuse_ino_t number) {
  run(request, nullptr, number, nullptr, [&](Disk& disk, const NodePtr&) {
    std::uint64_t all = std::min<std::uint64_t>(disk.capacity, std::uint64_t{1} << 40);
    struct statvfs info{};
    info.f_bsize = info.f_frsize = pageBytes;
    info.f_blocks = all / pageBytes;
    info.f_bfree = info.f_bavail = (all - std::min(all, disk.image.used())) / pageBytes;
    info.f_files = info.f_ffree = info.f_favail = 1'000'000;
    info.f_namemax = 255;
    fuse_reply_statfs(request, &info);
    return 0;
  });
}

}  // namespace

const fuse_lowlevel_ops& operations() {
  static const fuse_lowlevel_ops table = [] {
    fuse_lowlevel_ops it{};
    it.lookup = lookup;
    it.getattr = getattr;
    it.setattr = setattr;
    it.create = create;
    it.mkdir = mkdir;
    it.unlink = unlink;
    it.rmdir = rmdir;
    it.rename = rename;
    it.link = link;
    it.open = open;
    it.opendir = opendir;
    it.read = read;
    it.write = write;
    it.fsync = fsync;
    it.fsyncdir = fsyncdir;
    it.readdir = readdir;
    it.statfs = statfs;
    return it;
  }();
  return table;
}

}  // namespace powercut
