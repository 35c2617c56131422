#pragma once
#include <cstdint>
#include <string>
#include <utility>

namespace regesta::governance {
class Gate;
}

namespace regesta::registry {

/// Leave to move one pointer once. Only governance::Gate can make one, so every front that moves a pointer passes
/// there.
class Clearance {
 public:
  const std::string& pointer() const { return pointer_; }    ///< alias name, or "stage:Production"
  std::int64_t from() const { return from_; }                ///< version number it stands on now, 0: none
  std::int64_t to() const { return to_; }                    ///< 0: remove the pointer
  const std::string& decision() const { return decision_; }  ///< digest of the decision; empty: pointer not protected

 private:
  friend class governance::Gate;
  Clearance(std::string pointer, std::int64_t from, std::int64_t to, std::string decision)
      : pointer_(std::move(pointer)), from_(from), to_(to), decision_(std::move(decision)) {}
  std::string pointer_;
  std::int64_t from_, to_;
  std::string decision_;
};

}  // namespace regesta::registry
