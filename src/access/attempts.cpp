#include "access/attempts.h"

#include <algorithm>

#include "base/error.h"
#include "base/limits_edge.h"
#include "http/network.h"

namespace regesta::access {
namespace {

constexpr std::size_t mostRecords = 8192, mostNames = 4096, addressesOfName = 16;
constexpr std::chrono::minutes memory{15};
constexpr int longestDoubling = 6;

std::string pairKey(std::string_view name, std::string_view address) { return fmt::format("p{}\n{}", address, name); }
std::string nameKey(std::string_view name) { return fmt::format("n{}", name); }
std::string addressKey(std::string_view address) { return fmt::format("a{}", address); }

int freeFailuresOf(const std::string& key) {
  switch (key.front()) {
    case 'p':
      return limits::passwordFailures;
    case 'n':
      return limits::nameFailures;
    default:
      return limits::addressFailures;
  }
}

}  // namespace

void Attempts::refuse(const Book& book, const std::string& key, int freeFailures, const std::string& subject) {
  auto found = book.records.find(key);
  if (found == book.records.end()) return;
  const Record& record = found->second;
  auto now = Clock::now();
  bool forgotten = now - record.last > memory;
  int failures = forgotten ? 0 : record.failures;
  if (failures + record.underWay < freeFailures) return;
  if (failures >= freeFailures && record.underWay == 0 && record.notBefore <= now) return;  // one at a time from now on
  auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(record.notBefore - now).count());
  throw error(Code::exhausted, "too many wrong passwords {}; try again in {} s", subject, seconds);
}

void Attempts::makeRoom(Book& book) {
  if (book.records.size() < mostRecords) return;
  auto oldest = std::ranges::min_element(
      book.records, {}, [](const auto& entry) { return std::pair(entry.second.underWay > 0, entry.second.last); });
  if (oldest->second.underWay == 0) book.records.erase(oldest);
}

Attempts::Try Attempts::begin(std::string_view name, std::string_view address) {
  bool known = isKnown(name, address);
  std::vector<std::string> keys{pairKey(name, address)};
  auto book = book_.lock();
  refuse(*book, keys.front(), limits::passwordFailures, fmt::format("for '{}'", name));
  if (!address.empty() && !http::isLoopback(http::parseIp(address).value_or(http::IpAddress{}))) {
    keys.push_back(addressKey(address));
    refuse(*book, keys.back(), limits::addressFailures, fmt::format("from {}", address));
  }
  // Failures from other addresses must not lock out the user: addresses it signed in from are not delayed by them.
  if (!known) {
    keys.push_back(nameKey(name));
    refuse(*book, keys.back(), limits::nameFailures, fmt::format("for '{}'", name));
  }
  for (const std::string& key : keys) {
    makeRoom(*book);
    Record& record = book->records[key];
    if (Clock::now() - record.last > memory) record.failures = 0;
    ++record.underWay;
    record.last = Clock::now();
  }
  return {*this, std::move(keys)};
}

Attempts::Try::~Try() {
  if (!attempts_) return;
  auto book = attempts_->book_.lock();
  auto now = Clock::now();
  for (const std::string& key : keys_) {
    auto found = book->records.find(key);
    if (found == book->records.end()) continue;
    Record& record = found->second;
    --record.underWay;
    record.last = now;
    if (succeeded_) {
      // Only of the pair: a user with a valid password must not clear the count of their address.
      if (key.front() == 'p') record.failures = 0;
      continue;
    }
    int freeFailures = freeFailuresOf(key);
    if (++record.failures < freeFailures) continue;
    int doublings = std::min(record.failures - freeFailures, longestDoubling);
    record.notBefore = now + std::chrono::seconds(std::min(60, 1 << doublings));
  }
  if (!succeeded_) return;
  std::string_view pair = keys_.front();
  std::size_t end = pair.find('\n');
  attempts_->add(*book, std::string(pair.substr(end + 1)), std::string(pair.substr(1, end - 1)));
}

void Attempts::add(Book& book, const std::string& name, std::string address) {
  if (book.known.size() >= mostNames && !book.known.contains(name)) book.known.erase(book.known.begin());
  auto& addresses = book.known[name];
  if (std::ranges::find(addresses, address) != addresses.end()) return;
  addresses.push_back(std::move(address));
  if (addresses.size() > addressesOfName) addresses.pop_front();
}

void Attempts::learn(std::string_view name, std::string_view address) {
  add(*book_.lock(), std::string(name), std::string(address));
}

bool Attempts::isKnown(std::string_view name, std::string_view address) {
  auto book = book_.lock();
  auto found = book->known.find(std::string(name));
  return found != book->known.end() && std::ranges::find(found->second, address) != found->second.end();
}

void Attempts::forget(std::string_view name) {
  auto book = book_.lock();
  std::string ending = fmt::format("\n{}", name);
  for (auto& [key, record] : book->records)
    if (key == nameKey(name) || (key.front() == 'p' && key.ends_with(ending))) record.failures = 0;
}

}  // namespace regesta::access
