#pragma once
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace regesta::db {

/// The prepared statements of one connection by key, the least recently used evicted. Not thread-safe. A statement
/// that is evicted while in use lives until its last owner releases it.
template <class Statement>
class StatementCache {
 public:
  explicit StatementCache(std::size_t capacity) : capacity_(capacity) {}

  std::shared_ptr<Statement> find(std::string_view key) {
    auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->statement;
  }

  /// Returns what had to go to make room, or null.
  std::shared_ptr<Statement> put(std::string key, std::shared_ptr<Statement> statement) {
    std::shared_ptr<Statement> evicted;
    if (entries_.size() >= capacity_) {
      evicted = std::move(entries_.back().statement);
      places_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({std::move(key), std::move(statement)});
    places_.emplace(entries_.front().key, entries_.begin());
    return evicted;
  }

  void clear() {
    places_.clear();
    entries_.clear();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<Statement> statement;
  };
  std::size_t capacity_;
  std::list<Entry> entries_;  // newest first
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> places_;
};

}  // namespace regesta::db
