#pragma once
#include "base/json.h"

namespace regesta::registry {

/// While it lives, every entry that this thread records has `import` in its data: which item of which other system the
/// change brings. Make it inside the change. Marks do not nest.
class ImportMark {
 public:
  explicit ImportMark(json::object import);
  ~ImportMark();
  ImportMark(const ImportMark&) = delete;
  ImportMark& operator=(const ImportMark&) = delete;
  /// Null: this thread imports nothing.
  static const json::object* current();

 private:
  json::object import_;
};

}  // namespace regesta::registry
