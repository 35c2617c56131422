#include "tracking/missing.h"

#include "base/text.h"

namespace regesta::tracking {
namespace {

std::string missingMessage(std::string_view kind, std::string_view id, std::string_view owner,
                           std::string_view ownerId) {
  if (owner.empty()) return fmt::format("the {} '{}' does not exist", kind, shorten(id, 250));
  return fmt::format("the {} '{}' has no {} '{}'", owner, ownerId, kind, shorten(id, 250));
}

}  // namespace

Missing::Missing(std::string_view kind, std::string_view id, std::string_view owner, std::string_view ownerId)
    : Error(Code::notFound, missingMessage(kind, id, owner, ownerId)),
      kind(kind),
      id(id),
      owner(owner),
      ownerId(ownerId) {}

}  // namespace regesta::tracking
