#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace regesta::tracking {

/// Error{notFound} for a thing with an id, or for a part of one. Fronts with messages of their own (MLflow) choose them
/// by `kind` and `owner`; others show the message.
class Missing : public Error {
 public:
  Missing(std::string_view kind, std::string_view id, std::string_view owner = {}, std::string_view ownerId = {});
  std::string kind;  ///< "run", "experiment", "trace", "tag", …
  std::string id;
  std::string owner, ownerId;  ///< what lacks it, if it is a part: "run" and its id
};

}  // namespace regesta::tracking
