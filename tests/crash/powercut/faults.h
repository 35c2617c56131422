#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace powercut {

/// What goes wrong, and when. Not thread-safe.
class Faults {
 public:
  /// 0, or the error of this operation. Kinds: open write fsync rename unlink mkdir read.
  int before(std::string_view kind, std::string_view path);

  /// The N-th operation of the kind ("any": of those that change something) from now on fails, or with `onwards` it and
  /// all later ones. 0 ends that.
  void failAt(std::string kind, std::int64_t nth, int error, bool onwards);
  /// The same for operations on paths that contain `part`; with error 0 the power goes instead.
  void failOn(std::string kind, std::string part, std::int64_t nth, int error);
  /// The power goes before the N-th change from now on.
  void cutAt(std::int64_t nth);
  void cutNow() { off_ = true; }
  void restorePower();
  void readOnly(bool on) { readOnly_ = on; }
  bool isReadOnly() const { return readOnly_; }
  bool isOff() const { return off_; }
  std::int64_t changes() const { return changes_; }
  std::int64_t matches() const { return matches_; }

 private:
  bool off_ = false, readOnly_ = false, onwards_ = false;
  std::int64_t changes_ = 0, cutAt_ = 0, matches_ = 0, nth_ = 0;
  int error_ = 0;
  std::string kind_, part_;
};

/// 0 for an unknown name.
int errorNumber(std::string_view name);

}  // namespace powercut
