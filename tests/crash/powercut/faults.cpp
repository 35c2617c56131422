#include "faults.h"

#include <cerrno>

namespace powercut {

int Faults::before(std::string_view kind, std::string_view path) {
  // SQLite's shared memory is not on the disk in any sense, and the kernel writes it whenever it likes.
  if (path.ends_with("-shm")) return 0;
  bool changes = kind != "read" && kind != "open";
  if (changes && ++changes_ == cutAt_) off_ = true;
  if (off_) return EIO;
  if (readOnly_ && changes && kind != "fsync") return EROFS;
  if (nth_ == 0 || (kind_ == "any" ? !changes : kind_ != kind) || !path.contains(part_)) return 0;
  ++matches_;
  if (matches_ != nth_ && !(onwards_ && matches_ > nth_)) return 0;
  if (error_ != 0) return error_;
  off_ = true;
  return EIO;
}

void Faults::failAt(std::string kind, std::int64_t nth, int error, bool onwards) {
  kind_ = std::move(kind);
  part_.clear();
  nth_ = nth;
  error_ = error;
  onwards_ = onwards;
  matches_ = 0;
}

void Faults::failOn(std::string kind, std::string part, std::int64_t nth, int error) {
  failAt(std::move(kind), nth, error, false);
  part_ = std::move(part);
}

void Faults::cutAt(std::int64_t nth) {
  cutAt_ = nth;
  changes_ = 0;
}

void Faults::restorePower() {
  off_ = false;
  cutAt_ = nth_ = 0;
}

int errorNumber(std::string_view name) {
  if (name == "EIO") return EIO;
  if (name == "ENOSPC") return ENOSPC;
  if (name == "EDQUOT") return EDQUOT;
  if (name == "EROFS") return EROFS;
  if (name == "EMFILE") return EMFILE;
  return 0;
}

}  // namespace powercut
