#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "api/graphql_budget.h"
#include "base/json.h"

namespace regesta::api::graphql {

/// Computes the fields of a plan (schema.h). A front says where their values come from.
class Execution {
 public:
  /// `changes`: the request is one that changes something (graphql_budget.h).
  Execution(Call& call, bool changes) : call_(call), budget_(changes) {}
  virtual ~Execution() = default;

  /// The value of "data" for the plan. A field that fails is null and noted in `errors`; all is null for a request that
  /// needs too much: its lists are long, or its fields are repeated under many names.
  json::value run(const json::object& plan);
  json::array errors;

 protected:
  /// The value of a field; an object or a list of objects if it has a selection. An object's member "__typename" is its
  /// type, if the schema leaves it open. May throw.
  virtual json::value valueOf(const json::object& parent, const std::string& type, const std::string& name,
                              const json::object& wanted) = 0;
  /// An item of "errors". `shown` is for clients.
  virtual json::value errorItem(const Error& shown, json::array path) const = 0;
  /// Counts towards the limit of what one request may compute. Throws TooMuch.
  void countResolver();
  QueryBudget& budget() { return budget_; }

  Call& call_;

 private:
  json::object fields(const json::object& parent, const std::string& type, const json::array& selections);
  json::value field(const json::object& parent, const std::string& type, const json::object& wanted);
  json::value complete(json::value& value, const json::object& wanted);
  void note(const Error& fault);
  void spend(std::size_t bytes);

  std::vector<std::string> path_;
  std::size_t calls_ = 0, values_ = 0, bytes_ = 0;
  QueryBudget budget_;
};

}  // namespace regesta::api::graphql
