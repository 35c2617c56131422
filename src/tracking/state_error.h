#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace regesta::tracking {

/// Fronts with messages of their own (MLflow) choose them by the members; others show the message.

/// A deleted run or experiment does not change.
class Deleted : public Error {
 public:
  /// Error{invalid}, or Error{invalidState} for a new name of an experiment.
  Deleted(std::string_view kind, std::string_view id, Code code = Code::invalid);
  std::string kind, id;
};

/// Error{exists}: an experiment has the name, perhaps a deleted one.
class NameTaken : public Error {
 public:
  NameTaken(std::string_view name, bool byDeleted);
  std::string name;
  bool byDeleted;
};

}  // namespace regesta::tracking
