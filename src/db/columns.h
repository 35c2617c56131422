#pragma once
#include <string_view>

namespace regesta::db {

/// The columns of a SELECT by name, so that its reader does not depend on their order:
///   constexpr std::string_view list = "v.id, v.number, r.digest AS run_digest";
///   constexpr db::Columns columns(list);
///   rows.integer(columns["number"])
/// `list` may also begin with SELECT and go on with FROM. A name that it does not have, or has twice, is an error of
/// the compiler.
class Columns {
 public:
  consteval explicit Columns(std::string_view list) : list_(list) {
    if (list_.starts_with("SELECT ")) list_.remove_prefix(7);
    list_ = list_.substr(0, list_.find(" FROM "));
  }

  /// The column's position.
  consteval int operator[](std::string_view name) const {
    int found = -1, position = 0, depth = 0;
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= list_.size(); ++at) {
      if (at < list_.size() && list_[at] == '(') ++depth;
      if (at < list_.size() && list_[at] == ')') --depth;
      if (at < list_.size() && (list_[at] != ',' || depth > 0)) continue;
      if (nameOf(list_.substr(begin, at - begin)) == name) {
        if (found >= 0) throw "two columns have this name";
        found = position;
      }
      begin = at + 1;
      ++position;
    }
    if (found < 0) throw "no column has this name";
    return found;
  }

 private:
  /// "v.number" and "max(n) AS number" are both `number`.
  static consteval std::string_view nameOf(std::string_view item) {
    while (item.ends_with(' ')) item.remove_suffix(1);
    std::size_t before = item.find_last_of(" .");
    return before == std::string_view::npos ? item : item.substr(before + 1);
  }

  std::string_view list_;
};

}  // namespace regesta::db
