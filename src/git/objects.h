#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "git/object.h"

namespace regesta::git {

/// The id that an object with this content has.
Id hashOf(Type type, std::string_view data);

/// An object on its way into a pack. Objects with like paths are tried as differences of each other.
struct Listed {
  Id id;
  std::string path;  ///< empty for commits and tags
};

/// The objects of a repository: those in a list of packs, and those written since, which stay in memory until they are
/// packed. No configuration, refs or work tree, and nothing of the machine's Git set-up is looked at. Not thread-safe;
/// cheap to open.
class Objects {
 public:
  /// `packs` are paths of .pack files with their .idx next to them. Throws Error{unavailable} when one cannot be
  /// opened.
  explicit Objects(const std::vector<std::string>& packs = {});
  ~Objects();
  Objects(const Objects&) = delete;
  Objects& operator=(const Objects&) = delete;

  void addPack(const std::string& path);

  bool has(const Id& id) const;
  std::optional<Type> typeOf(const Id& id) const;
  /// Throws Error{notFound} for an object that is not there, Error{corrupt} for one that cannot be read.
  Object read(const Id& id) const;
  Commit commit(const Id& id) const;            ///< the same; Invalid for another type
  std::vector<Entry> tree(const Id& id) const;  ///< the same
  std::string blob(const Id& id) const;         ///< the same
  /// The commit that a tag (of a tag…) points to; empty if it points to another object.
  std::optional<Id> peel(const Id& id) const;

  Id write(Type type, std::string_view data, std::string path = {});
  /// What write() added since, as the bytes of a pack; empty when nothing was.
  std::string packWritten();

  /// Writes a pack of these objects to `sink`, similar ones as differences.
  void pack(const std::vector<Listed>& objects, const std::function<void(std::string_view)>& sink) const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace regesta::git
