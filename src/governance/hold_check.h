#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "governance/replay.h"

namespace regesta::governance {

/// Checks that nothing was deleted, archived or renamed that a legal hold covered at that moment. The server refuses
/// it, unless the row of the hold was hidden from it meanwhile.
class HoldCheck {
 public:
  /// Entries in the tree's order, then those that are not in it yet (-1).
  void take(std::int64_t index, const json::object& entry);
  void compare(Comparison& found, std::size_t limit) const;

 private:
  struct Hold {
    std::string workspace, kind, name;
    bool ofAsset = false;     ///< of one asset, which it follows through renames; otherwise `name` is a glob
    std::int64_t number = 0;  ///< of the version; 0: all
    bool covers(std::string_view inWorkspace, std::string_view ofKind, std::string_view named) const;
  };
  struct About;
  void place(const About& about);
  void rename(const About& about);
  void forbid(const About& about, std::int64_t number);
  void add(const About& about, const std::string& hold);
  std::map<std::pair<std::string, std::string>, Hold> inForce_;  ///< by workspace and subject ("hold/3")
  std::vector<Difference> broken_;
};

}  // namespace regesta::governance
