#include "db/scope.h"

#include <fmt/format.h>

#include "base/error.h"

namespace regesta::db {
namespace {

thread_local Scope* innermost = nullptr;

}  // namespace

Scope::Scope(const Database& database, Transaction& transaction)
    : database_(database), transaction_(transaction), outer_(innermost) {
  innermost = this;
}

Scope::~Scope() { innermost = outer_; }

Transaction* Scope::transactionOn(const Database& database) {
  for (Scope* scope = innermost; scope != nullptr; scope = scope->outer_)
    if (&scope->database_ == &database) return &scope->transaction_;
  return nullptr;
}

void Scope::requireOutside(const Database& database, const char* call) {
  if (transactionOn(database) == nullptr) return;
  std::string what = fmt::format("{} was called inside read() or write() of the same database", call);
  invariantBroken(what.c_str(), __FILE__, __LINE__);
}

}  // namespace regesta::db
