#pragma once
// Inside the governance room only: what Access remembers between requests.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/sync.h"
#include "governance/access.h"

namespace regesta::governance {

/// A short memory of wrong passwords: after a few for one name, further tries wait longer and longer. Bounded, so that
/// made-up names cannot fill the memory. Whoever is remembered already is not held up by it.
class Attempts {
 public:
  using Clock = std::chrono::steady_clock;
  /// Throws Error{exhausted} while the name has to wait.
  void admit(std::string_view name);
  void failed(std::string_view name);
  void succeeded(std::string_view name);

 private:
  struct Record {
    int failures = 0;
    Clock::time_point notBefore{}, last{};
  };
  static constexpr int freeFailures = 5;
  static constexpr std::size_t mostNames = 4096;
  Sync<std::unordered_map<std::string, Record>> records_;
};

struct Access::State {
  using Clock = std::chrono::steady_clock;
  /// Another process may have changed users: look at the change number this often.
  static constexpr std::chrono::milliseconds freshFor{1000};
  static constexpr std::size_t mostRemembered = 10'000;

  struct Remembered {
    std::shared_ptr<const Identity> identity;
    std::int64_t expiresAt = 0;  // milliseconds of the wall clock, 0: never
  };
  struct Memory {
    std::unordered_map<std::string, Remembered> byCredentials;  // keyed hash of the header's value
    std::int64_t number = -1;                                   // of access_state, when it was read last
    std::uint64_t generation = 0;                               // counts what was forgotten
    bool anyone = false;
    Clock::time_point readAt{};
  };

  State(registry::Store& store, bool loopbackOnly);
  /// Looks at the change number when that is due and forgets everything when it moved.
  void refresh();
  void forget();
  std::shared_ptr<const Identity> recall(std::string_view credentials);
  void remember(std::string_view credentials, std::uint64_t generation, Remembered fresh);
  std::uint64_t generation();
  std::string keyed(std::string_view credentials) const;

  Remembered checkPassword(std::string_view name, std::string_view password);
  Remembered checkToken(std::string_view secret, const std::optional<std::string>& publicKey);
  Remembered checkSession(std::string_view secret);

  /// Counts the change number up; every function that changes users or tokens calls it in its transaction.
  static void touch(registry::Change& change);
  static void countUp(db::Session& session);

  /// How a session begins.
  enum class Via { credentials, provider };
  static Session insertSession(db::Session& session, std::string_view actor, Via via, std::string_view agent);

  registry::Store& store;
  const bool loopbackOnly;
  const std::string key;          // of the keyed hash: a copy of the memory alone tells no password
  const std::string nobodysHash;  // checked for unknown names, so that they take as long as known ones
  std::string secret;             // of this database, behind capabilities
  std::shared_ptr<const Identity> local;
  Sync<Memory> memory;
  Attempts attempts;
};

}  // namespace regesta::governance
