#pragma once
// Internal to the access room: what Access caches between requests.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "access/access.h"
#include "access/attempts.h"
#include "access/password_checks.h"
#include "base/sync.h"
#include "crypto/mac.h"

namespace regesta::access {

struct Access::State {
  using Clock = std::chrono::steady_clock;
  /// How often to check whether another process has changed users.
  static constexpr std::chrono::milliseconds freshFor{1000};
  static constexpr std::size_t mostRemembered = 10'000;

  struct Remembered {
    std::shared_ptr<const Identity> identity;
    std::int64_t expiresAt = 0;  // milliseconds of the wall clock, 0: never
  };
  /// A password that matched the stored hash. It survives forget(): it stays valid for that hash, so
  /// invalidating the cache cannot force other users' passwords to be hashed again.
  struct Verified {
    std::string credentials, hash;
  };
  /// By access key id. Apart from the credentials: an id that is sent as a header's value must find nothing.
  struct RememberedKey {
    Remembered owner;
    std::string secret;
  };
  struct Memory {
    std::unordered_map<std::string, RememberedKey> byKey;
    std::unordered_map<std::string, Remembered> byCredentials;  // keyed hash of the header's value; of valid ones only
    std::unordered_map<std::string, Verified> verified;         // by user name
    std::int64_t number = -1;                                   // of access_state, when it was read last
  };

  State(registry::Store& store, bool loopbackOnly, SessionLimits limits);
  /// Checks the change number if due, and clears the cache if it changed.
  void refresh();
  void forget();
  void forgetOne(std::string_view credentials);
  std::optional<Remembered> recall(std::string_view credentials);
  void remember(std::string_view credentials, std::uint64_t generationBefore, Remembered fresh);
  std::string keyed(std::string_view credentials) const;

  Remembered checkPassword(std::string_view name, std::string_view password, std::string_view address);
  /// Whether it is the password of `hash` (empty: of no user). Throws Error{exhausted}.
  bool isRight(std::string_view name, std::string_view password, const std::string& hash, std::string_view address);
  /// Whether the name signed in from this address before, on any server of this database.
  bool isKnown(std::string_view name, std::string_view address);
  void noteAddress(std::string_view name, std::string_view address);
  std::string addressTag(std::string_view name, std::string_view address) const;
  Remembered checkToken(std::string_view token, const std::optional<std::string>& publicKey);
  Remembered checkSession(std::string_view token, Use use);
  RememberedKey checkKey(std::string_view accessKeyId);
  /// Of the key `id` of a token; `hash` is what is stored of the token.
  std::string secretOfKey(std::string_view id, std::string_view token, std::string_view hash) const;
  /// Sessions that were last used at this time or before are over.
  std::int64_t idleSince(std::int64_t now) const;

  /// Increments the change number; every function that changes users or tokens calls it in its transaction.
  static void touch(registry::Change& change);
  static void countUp(db::Transaction& transaction);

  /// How a session begins.
  enum class Via { credentials, provider };
  Session insertSession(registry::Change& change, std::string_view actor, Via via, std::string_view agent) const;

  registry::Store& store;
  const bool loopbackOnly;
  const SessionLimits limits;
  const std::string key;           // of the keyed hash: a copy of the memory alone tells no password
  const std::string nobodysHash;   // checked for unknown names, so that they take as long as known ones
  const crypto::MacKey secretKey;  // derives from a secret outside the database: its readers must not forge with it
  std::shared_ptr<const Identity> local;
  Sync<Memory> memory;
  // Read by every request without the lock; written with it.
  std::atomic<std::uint64_t> generation{0};  // counts what was forgotten
  std::atomic<bool> anyone{false};
  std::atomic<Clock::rep> readAt{0};
  Attempts attempts;
  PasswordChecks checks;
};

}  // namespace regesta::access
