#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace regesta::registry {

enum class ActorKind : std::uint8_t {
  user,
  token,   ///< a service token: a machine
  local,   ///< the user who starts the server, or a caller on loopback while there are no accounts
  system,  ///< the server itself, for a room that acts on its own
};
std::string_view kindName(ActorKind kind);

/// Who an actor is, in parts. Stored and sent as its text: "user:anna", "token:ci", "local:root", "system:rollout".
struct ActorId {
  ActorKind kind = ActorKind::system;
  std::string name;
  /// Reads what text() wrote; what has no known kind is the server's.
  static ActorId read(std::string_view text);
  std::string text() const;
  /// Someone who can answer for a decision. Tokens and the server supply evidence instead.
  bool isPerson() const { return kind == ActorKind::user || kind == ActorKind::local; }
  bool operator==(const ActorId&) const = default;
};

/// Who does something. A caller's is made by access's authentication; what the server does on its own is done by a
/// system actor of the room that does it.
struct Actor {
  std::string name;  ///< ActorId::text()
  static Actor user(std::string_view name) { return {ActorId{ActorKind::user, std::string(name)}.text()}; }
  static Actor token(std::string_view name) { return {ActorId{ActorKind::token, std::string(name)}.text()}; }
  static Actor local(std::string_view name) { return {ActorId{ActorKind::local, std::string(name)}.text()}; }
  static Actor system(std::string_view name) { return {ActorId{ActorKind::system, std::string(name)}.text()}; }
  ActorId id() const { return ActorId::read(name); }
  bool isPerson() const { return id().isPerson(); }
  /// What people call them.
  std::string shortName() const { return id().name; }
  bool operator==(const Actor&) const = default;
};

}  // namespace regesta::registry
