#include "image.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <set>
#include <utility>

namespace powercut {
namespace {

constexpr std::size_t block = 4096;

void touch(Node& node) {
  clock_gettime(CLOCK_REALTIME, &node.info.st_mtim);
  node.info.st_ctim = node.info.st_mtim;
}

void putBytes(std::string& into, std::uint64_t offset, std::string_view bytes) {
  if (into.size() < offset + bytes.size()) {
    if (into.capacity() < offset + bytes.size()) into.reserve(std::max(into.capacity() * 2, offset + bytes.size()));
    into.resize(offset + bytes.size());
  }
  std::ranges::copy(bytes, into.begin() + static_cast<std::ptrdiff_t>(offset));
}

void apply(std::string& bytes, const FileChange& change) {
  if (change.truncates)
    bytes.resize(change.offset);
  else
    putBytes(bytes, change.offset, change.bytes);
}

/// A part of what was written, block by block; the length is another matter.
void applySome(Node& file, std::mt19937_64& random) {
  const double likelihood = std::vector{0.0, 0.5, 1.0}[random() % 3];
  auto chosen = [&] { return std::uniform_real_distribution(0.0, 1.0)(random) < likelihood; };
  for (const FileChange& change : file.fileChanges) {
    if (change.truncates) {
      if (chosen()) file.durableBytes.resize(change.offset);
      continue;
    }
    for (std::size_t at = 0; at < change.bytes.size();) {
      std::size_t until =
          std::min<std::size_t>(change.bytes.size(), ((change.offset + at) / block + 1) * block - change.offset);
      if (chosen())
        putBytes(file.durableBytes, change.offset + at, std::string_view(change.bytes).substr(at, until - at));
      at = until;
    }
  }
  if (random() % 2 == 0) file.durableBytes.resize(file.bytes.size());
}

void cutFile(Node& file, Survivors survivors, std::mt19937_64& random) {
  if (survivors == Survivors::names || survivors == Survivors::latest) file.durableBytes.resize(file.bytes.size());
  if (survivors == Survivors::bytes) file.durableBytes = file.bytes;
  if (survivors == Survivors::some) applySome(file, random);
  file.fileChanges.clear();
}

/// Whether it could be put on the disk.
bool put(Node& folder, const FolderChange& change) {
  if (!change.removes) {
    folder.durableEntries[change.name] = change.node;
    if (change.landed) *change.landed = true;
    return true;
  }
  if (change.landed && !*change.landed) return false;
  auto found = folder.durableEntries.find(change.name);
  if (found != folder.durableEntries.end() && found->second == change.node) folder.durableEntries.erase(found);
  return true;
}

void collect(const NodePtr& node, std::set<NodePtr>& found) {
  if (!found.insert(node).second) return;
  for (const auto& [name, child] : node->entries) collect(child, found);
  for (const auto& [name, child] : node->durableEntries) collect(child, found);
  for (const FolderChange& change : node->folderChanges) collect(change.node, found);
}

void cutFolders(const std::vector<NodePtr>& nodes, Survivors survivors, std::mt19937_64& random) {
  if (survivors == Survivors::latest) {
    for (const NodePtr& node : nodes) {
      auto last = std::ranges::find_if(node->folderChanges.rbegin(), node->folderChanges.rend(),
                                       [](const FolderChange& change) { return !change.removes; });
      if (last != node->folderChanges.rend()) put(*node, *last);
    }
  }
  for (bool removes : {false, true})  // a name is set before another one is given up for it
    for (const NodePtr& node : nodes)
      for (const FolderChange& change : node->folderChanges) {
        bool survives = survivors == Survivors::names || (survivors == Survivors::some && random() % 2 == 0);
        if (change.removes == removes && survives) put(*node, change);
      }
  for (const NodePtr& node : nodes) node->folderChanges.clear();
}

}  // namespace

Image::Image() {
  root_ = std::make_shared<Node>();
  root_->info.st_ino = next_++;
  root_->info.st_mode = S_IFDIR | 0755;
  root_->info.st_nlink = 2;
  root_->info.st_uid = getuid();
  root_->info.st_gid = getgid();
  touch(*root_);
}

void Image::set(const NodePtr& folder, const std::string& name, const NodePtr& node, std::shared_ptr<bool> landed) {
  folder->entries[name] = node;
  folder->folderChanges.push_back({name, node, false, std::move(landed)});
  node->parent = folder;
  node->path = (folder == root_ ? "" : folder->path + "/") + name;
  touch(*folder);
}

NodePtr Image::make(const NodePtr& folder, const std::string& name, mode_t mode) {
  auto node = std::make_shared<Node>();
  node->info.st_ino = next_++;
  node->info.st_mode = mode;
  node->info.st_nlink = S_ISDIR(mode) ? 2 : 1;
  node->info.st_uid = getuid();
  node->info.st_gid = getgid();
  touch(*node);
  set(folder, name, node);
  return node;
}

void Image::link(const NodePtr& node, const NodePtr& folder, const std::string& name) {
  set(folder, name, node);
  node->info.st_nlink += 1;
}

void Image::unlink(const NodePtr& folder, const std::string& name) {
  NodePtr node = folder->entries.at(name);
  folder->entries.erase(name);
  folder->folderChanges.push_back({name, node, true, nullptr});
  if (node->info.st_nlink > 0) node->info.st_nlink -= 1;
  if (node->info.st_nlink == 0) used_ -= std::min<std::uint64_t>(used_, node->bytes.size());
  touch(*folder);
}

void Image::rename(const NodePtr& from, const std::string& name, const NodePtr& to, const std::string& newName) {
  NodePtr node = from->entries.at(name);
  if (auto replaced = to->entries.find(newName); replaced != to->entries.end()) {
    if (replaced->second == node) return;
    if (--replaced->second->info.st_nlink == 0) used_ -= std::min<std::uint64_t>(used_, replaced->second->bytes.size());
  }
  from->entries.erase(name);
  auto landed = std::make_shared<bool>(false);
  from->folderChanges.push_back({name, node, true, landed});
  set(to, newName, node, landed);
  touch(*from);
}

void Image::write(Node& file, std::uint64_t offset, std::string_view bytes) {
  std::uint64_t before = file.bytes.size();
  putBytes(file.bytes, offset, bytes);
  used_ += file.bytes.size() - before;
  file.fileChanges.push_back({offset, std::string(bytes), false});
  touch(file);
}

void Image::truncate(Node& file, std::uint64_t length) {
  used_ += length;
  used_ -= std::min<std::uint64_t>(used_, file.bytes.size());
  file.bytes.resize(length);
  file.fileChanges.push_back({length, {}, true});
  touch(file);
}

void Image::syncFile(Node& file) {
  for (const FileChange& change : file.fileChanges) apply(file.durableBytes, change);
  file.fileChanges.clear();
}

void Image::syncFolder(Node& folder) {
  std::vector<FolderChange> changes = std::exchange(folder.folderChanges, {});
  // Within one folder the new name of a rename is recorded after the loss of the old one.
  for (const FolderChange& change : changes)
    if (!change.removes && change.landed) *change.landed = true;
  for (const FolderChange& change : changes)
    if (!put(folder, change)) folder.folderChanges.push_back(change);
}

void Image::cut(Survivors survivors, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::set<NodePtr> unordered;
  collect(root_, unordered);
  auto byNumber = [](const NodePtr& a, const NodePtr& b) { return a->info.st_ino < b->info.st_ino; };
  std::vector<NodePtr> nodes(unordered.begin(), unordered.end());
  std::ranges::sort(nodes, byNumber);  // so that a seed means the same every time
  cutFolders(nodes, survivors, random);
  used_ = 0;
  for (const NodePtr& node : nodes) {
    cutFile(*node, survivors, random);
    node->bytes = node->durableBytes;
    node->entries = node->durableEntries;
    node->info.st_nlink = 0;
  }
  std::set<NodePtr> reached;
  collect(root_, reached);
  root_->info.st_nlink = 2;
  for (const NodePtr& node : reached) {
    used_ += node->bytes.size();
    for (const auto& [name, child] : node->entries) {
      child->info.st_nlink += child->isFolder() ? 2 : 1;
      child->parent = node;
      child->path = (node == root_ ? "" : node->path + "/") + name;
    }
  }
}

}  // namespace powercut
