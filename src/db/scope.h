#pragma once
#include "db/database.h"

namespace regesta::db {

/// Marks that this thread is inside read() or write() of a database, for as long as it lives. A read() inside joins the
/// transaction that is already open (a second connection from the same pool could dead-lock); a write() inside is a
/// bug.
class Scope {
 public:
  Scope(const Database& database, Transaction& transaction);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// The transaction this thread has open on `database`, or null.
  static Transaction* transactionOn(const Database& database);
  /// Ends the program when this thread is inside `database`; `call` says what was tried.
  static void requireOutside(const Database& database, const char* call);

 private:
  const Database& database_;
  Transaction& transaction_;
  Scope* outer_;
};

}  // namespace regesta::db
