#pragma once
#include <chrono>

#include "base/error.h"

namespace regesta::api::graphql {

/// Ends a whole request: going on field by field would cost as much as the fields.
struct TooMuch : Error {
  TooMuch() : Error(Code::exhausted, "the request asks for too much at once; ask for pages or fewer fields") {}
  using Error::Error;
};

/// The time that one request may take. After a moment it needs one of a few places, so that queries that take long
/// never hold the threads that changes and gates need.
class QueryBudget {
 public:
  /// Requests that change something get no place and only end at the deadline.
  explicit QueryBudget(bool changes) : changes_(changes) {}
  ~QueryBudget();
  QueryBudget(const QueryBudget&) = delete;
  QueryBudget& operator=(const QueryBudget&) = delete;

  /// Throws TooMuch. Some 50 ns: call it per row.
  void check();

 private:
  using Clock = std::chrono::steady_clock;
  const bool changes_;
  bool placed_ = false;
  const Clock::time_point started_ = Clock::now();
};

}  // namespace regesta::api::graphql
