#include "api/graphql_budget.h"

#include <atomic>

namespace regesta::api::graphql {
namespace {

constexpr std::chrono::seconds longest{20};
constexpr std::chrono::milliseconds withoutPlace{200};
constexpr int places = 4;
std::atomic<int> taken{0};

}  // namespace

QueryBudget::~QueryBudget() {
  if (placed_) taken.fetch_sub(1, std::memory_order_relaxed);
}

void QueryBudget::check() {
  Clock::duration spent = Clock::now() - started_;
  if (spent > longest) throw TooMuch();
  if (changes_ || placed_ || spent < withoutPlace) return;
  if (taken.fetch_add(1, std::memory_order_relaxed) >= places) {
    taken.fetch_sub(1, std::memory_order_relaxed);
    throw TooMuch(Code::exhausted,
                  "the request takes too much time while others do as well; ask for fewer fields, or try again");
  }
  placed_ = true;
}

}  // namespace regesta::api::graphql
