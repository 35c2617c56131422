#include "registry/actor.h"

#include <fmt/format.h>

namespace regesta::registry {

std::string_view kindName(ActorKind kind) {
  switch (kind) {
    case ActorKind::user:
      return "user";
    case ActorKind::token:
      return "token";
    case ActorKind::local:
      return "local";
    case ActorKind::system:
      return "system";
  }
  return "system";
}

ActorId ActorId::read(std::string_view text) {
  std::size_t colon = text.find(':');
  std::string_view word = text.substr(0, colon);
  ActorId id{ActorKind::system, std::string(text.substr(colon == std::string_view::npos ? 0 : colon + 1))};
  if (colon == std::string_view::npos) return id;
  for (ActorKind kind : {ActorKind::user, ActorKind::token, ActorKind::local})
    if (word == kindName(kind)) id.kind = kind;
  return id;
}

std::string ActorId::text() const { return fmt::format("{}:{}", kindName(kind), name); }

}  // namespace regesta::registry
