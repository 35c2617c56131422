#include "tracking/state_error.h"

namespace regesta::tracking {

Deleted::Deleted(std::string_view kind, std::string_view id, Code code)
    : Error(code, fmt::format("the {} '{}' is deleted: restore it first", kind, id)), kind(kind), id(id) {}

NameTaken::NameTaken(std::string_view name, bool byDeleted)
    : Error(Code::exists,
            fmt::format("{} named '{}' already exists{}", byDeleted ? "a deleted experiment" : "an experiment", name,
                        byDeleted ? ": restore it, or choose another name" : "")),
      name(name),
      byDeleted(byDeleted) {}

}  // namespace regesta::tracking
