#include "git/change.h"

#include <algorithm>

namespace regesta::git {
namespace {

using Entries = std::map<std::string, Entry>;

Entries entriesOf(const Objects& objects, const std::optional<Id>& tree) {
  Entries entries;
  if (!tree || tree->isNone()) return entries;
  for (Entry& entry : objects.tree(*tree)) {
    std::string name = entry.name;
    entries.emplace(std::move(name), std::move(entry));
  }
  return entries;
}

class Comparison {
 public:
  explicit Comparison(const Objects& objects) : objects_(objects) {}

  void folders(const std::string& prefix, const std::optional<Id>& before, const std::optional<Id>& after) {
    if (before == after) return;
    Entries old = entriesOf(objects_, before), fresh = entriesOf(objects_, after);
    for (const auto& [name, entry] : old)
      if (!fresh.contains(name)) entries(prefix + name, &entry, nullptr);
    for (const auto& [name, entry] : fresh) {
      auto there = old.find(name);
      entries(prefix + name, there == old.end() ? nullptr : &there->second, &entry);
    }
  }

  std::vector<FileChange> take() {
    std::ranges::sort(changes_, {}, &FileChange::path);
    return std::move(changes_);
  }

 private:
  void entries(const std::string& path, const Entry* before, const Entry* after) {
    auto folder = [](const Entry* entry) {
      return entry && entry->isFolder() ? std::optional(entry->id) : std::nullopt;
    };
    auto file = [](const Entry* entry) {
      return entry && !entry->isFolder() ? std::optional(entry->id) : std::nullopt;
    };
    folders(path + "/", folder(before), folder(after));
    if (file(before) != file(after)) changes_.push_back({path, file(before), file(after)});
  }

  const Objects& objects_;
  std::vector<FileChange> changes_;
};

using Edits = std::map<std::string, std::optional<Id>>;

Id editFolder(Objects& objects, const std::optional<Id>& tree, const Edits& files, const std::string& path) {
  Entries entries = entriesOf(objects, tree);
  std::map<std::string, Edits> below;
  for (const auto& [name, blob] : files) {
    std::size_t slash = name.find('/');
    if (slash != std::string::npos) {
      below[name.substr(0, slash)][name.substr(slash + 1)] = blob;
    } else if (blob) {
      entries[name] = {Entry::file, name, *blob};
    } else if (auto there = entries.find(name); there != entries.end() && !there->second.isFolder()) {
      entries.erase(there);
    }
  }
  for (const auto& [name, edits] : below) {
    auto there = entries.find(name);
    std::optional<Id> folder;
    if (there != entries.end() && there->second.isFolder()) folder = there->second.id;
    Id changed = editFolder(objects, folder, edits, path + name + "/");
    if (!changed.isNone())
      entries[name] = {Entry::folder, name, changed};
    else if (folder)
      entries.erase(name);
  }
  if (entries.empty()) return {};
  std::vector<Entry> list;
  for (auto& [name, entry] : entries) list.push_back(std::move(entry));
  return objects.write(Type::tree, writeTree(std::move(list)), path);
}

}  // namespace

std::vector<FileChange> changesBetween(const Objects& objects, const Id& before, const Id& after) {
  Comparison comparison(objects);
  comparison.folders("", before, after);
  return comparison.take();
}

std::optional<Id> fileAt(const Objects& objects, const Id& tree, std::string_view path) {
  Id at = tree;
  while (!at.isNone()) {
    std::size_t slash = path.find('/');
    std::string_view name = path.substr(0, slash);
    std::vector<Entry> entries = objects.tree(at);
    auto found = std::ranges::find(entries, name, &Entry::name);
    if (found == entries.end()) return std::nullopt;
    if (slash == std::string_view::npos) return found->isFolder() ? std::nullopt : std::optional(found->id);
    if (!found->isFolder()) return std::nullopt;
    at = found->id;
    path.remove_prefix(slash + 1);
  }
  return std::nullopt;
}

Id edit(Objects& objects, const Id& tree, const Edits& files) {
  Id edited = editFolder(objects, tree, files, "");
  return edited.isNone() ? objects.write(Type::tree, "") : edited;
}

}  // namespace regesta::git
