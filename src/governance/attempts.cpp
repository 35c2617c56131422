#include <algorithm>

#include "base/error.h"
#include "governance/access_state.h"

namespace regesta::governance {

void Attempts::admit(std::string_view name) {
  auto records = records_.lock();
  auto found = records->find(std::string(name));
  if (found == records->end()) return;
  auto now = Clock::now();
  if (found->second.notBefore <= now) return;
  auto seconds = std::chrono::ceil<std::chrono::seconds>(found->second.notBefore - now).count();
  throw error(Code::exhausted, "too many wrong passwords for '{}'; try again in {} s", name, seconds);
}

void Attempts::failed(std::string_view name) {
  auto records = records_.lock();
  auto now = Clock::now();
  if (records->size() >= mostNames && !records->contains(std::string(name)))
    records->erase(std::ranges::min_element(*records, {}, [](const auto& entry) { return entry.second.last; }));
  Record& record = (*records)[std::string(name)];
  record.last = now;
  if (++record.failures < freeFailures) return;
  int doublings = std::min(record.failures - freeFailures, 6);
  record.notBefore = now + std::chrono::seconds(std::min(60, 1 << doublings));
}

void Attempts::succeeded(std::string_view name) { records_.lock()->erase(std::string(name)); }

}  // namespace regesta::governance
