#pragma once
#include <string_view>

#include "base/error.h"
#include "base/json.h"

struct RegestaGraphql;

namespace regesta::api::graphql {

/// A request for fields that Query or Mutation of this schema does not have: it may be for another schema.
class UnknownRoot : public Error {
  using Error::Error;
};

/// A front's schema.
class Schema {
 public:
  explicit Schema(std::string_view text);  ///< throws Error{internal}

  /// What a request asks for, checked against the schema and flattened (native/src/graphql.rs):
  /// {"operation","name","fields":[{"key","name","type","list","args","on","fields"}]}. Throws Error{invalid} for a
  /// document that is not GraphQL, does not fit the schema or costs too much; UnknownRoot if it is for another schema.
  json::object planOf(std::string_view body) const;

 private:
  const RegestaGraphql* read_;  ///< lives as long as the process
};

}  // namespace regesta::api::graphql
