#pragma once
#include <span>

#include "api/endpoint.h"
#include "api/graphql_budget.h"
#include "base/json.h"

namespace regesta::api::wandb {

/// One field to compute. `call.workspace` is the entity that the field is about.
struct FieldCall {
  Call& call;
  const json::object& parent;  ///< members whose names begin with '_' are for resolvers only
  const json::object& args;
  graphql::QueryBudget& budget;  ///< of the request: resolvers that go through many rows check it
  const json::object& input() const { return args.at("input").as_object(); }
  std::string text(std::string_view name) const { return memberText(args, name); }
};

/// Where a field's workspace (W&B: entity) is named.
enum class Where {
  nowhere,  ///< it is about none
  args,     ///< argument "entityName", or "name" of an entity
  input,    ///< member "entityName" of argument "input", else a run's id there
  entity,   ///< member "entityName" of argument "input"
  id,       ///< in the id of argument "input" or "id" (api/wandb/names.h)
  parent,   ///< the object's own
};

/// Who computes a field, and who may ask for it: the rule is checked in the field's workspace before `run` is called,
/// which checks names itself. The access matrix lists these.
struct Resolver {
  std::string_view type, field;
  AccessRule access;
  Where where;
  json::value (*run)(FieldCall& field);
};

std::span<const Resolver> resolvers();

/// The answer to a request: {"data","errors"}. What fails is null and named in "errors". Throws
/// graphql::UnknownRoot for a request that is not for W&B's schema.
std::string execute(Call& call, std::string_view body);

}  // namespace regesta::api::wandb
