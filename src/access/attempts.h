#pragma once
// Internal to the access room: limits on guessing passwords.
#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/sync.h"

namespace regesta::access {

/// Counts wrong passwords per name and address, per address, and per name from addresses it never signed in from. After
/// a few, each further try waits longer. A try counts before its password is checked, so parallel tries gain nothing.
/// Bounded, so that invented names cannot fill the memory.
class Attempts {
 public:
  using Clock = std::chrono::steady_clock;

  /// One try in progress. It counts as a failure unless succeeded() is called before it ends.
  class Try {
   public:
    Try(Try&& other) noexcept : attempts_(std::exchange(other.attempts_, nullptr)), keys_(std::move(other.keys_)) {}
    Try& operator=(Try&&) = delete;
    ~Try();
    void succeeded() { succeeded_ = true; }

   private:
    friend class Attempts;
    Try(Attempts& attempts, std::vector<std::string> keys) : attempts_(&attempts), keys_(std::move(keys)) {}
    Attempts* attempts_;
    std::vector<std::string> keys_;  ///< the pair first
    bool succeeded_ = false;
  };

  /// Throws Error{exhausted} while the name or the address (empty: unknown, not counted) must wait.
  Try begin(std::string_view name, std::string_view address);
  /// Takes over what is known of earlier: the name signed in from this address before.
  void learn(std::string_view name, std::string_view address);
  /// Whether the name signed in from this address before.
  bool isKnown(std::string_view name, std::string_view address);
  /// Clears the failures of the name from all addresses, after its password changed.
  void forget(std::string_view name);

 private:
  struct Record {
    int failures = 0, underWay = 0;
    Clock::time_point notBefore{}, last{};
  };
  struct Book {
    std::unordered_map<std::string, Record> records;
    std::unordered_map<std::string, std::deque<std::string>>
        known;  ///< name → addresses it signed in from, newest last
  };
  static void refuse(const Book& book, const std::string& key, int freeFailures, const std::string& subject);
  static void makeRoom(Book& book);
  static void add(Book& book, const std::string& name, std::string address);
  Sync<Book> book_;
};

}  // namespace regesta::access
