#include "http/byte_budget.h"

#include "base/error.h"
#include "base/time.h"

namespace regesta::http {
namespace {

constexpr std::int64_t dayMillis = 86'400'000;

}  // namespace

void ByteBudget::take(std::string_view account, std::uint64_t bytes) {
  if (perDay_ == 0 || account.empty() || bytes == 0) return;
  std::int64_t today = nowMillis() / dayMillis;
  auto day = day_.lock();
  if (day->number != today) *day = {today, {}};
  std::uint64_t& used = day->used[std::string(account)];
  if (used + bytes > perDay_)
    throw error(Code::tooLarge,
                "'{}' has sent {} bytes today and may send {} (quota.bytes-per-day); an operator can raise it", account,
                used, perDay_);
  used += bytes;
}

}  // namespace regesta::http
