#include "api/wandb/execute.h"

#include <map>
#include <set>
#include <utility>

#include "api/graphql_execution.h"
#include "api/graphql_schema.h"
#include "api/wandb/names.h"
#include "api/wandb/resolvers.h"
#include "registry/workspace.h"

namespace regesta::api::wandb {
namespace {

const graphql::Schema& schema() {
  static const graphql::Schema read(
#include "api/wandb/schema.inc"
  );
  return read;
}

class WandbExecution : public graphql::Execution {
 public:
  using Execution::Execution;

 private:
  json::value valueOf(const json::object& parent, const std::string& type, const std::string& name,
                      const json::object& wanted) override {
    const Resolver* resolver = find(type, name);
    if (!resolver) {
      if (const json::value* known = parent.if_contains(name)) return *known;
      if (type == "Mutation") throw error(Code::unsupported, "this server does not support '{}'", name);
      return nullptr;
    }
    countResolver();
    const json::object& args = wanted.at("args").as_object();
    if (type == "Mutation" && !(args.contains("input") && args.at("input").is_object()))
      throw Invalid("input", "must be an object");
    Call call = call_;
    call.workspace = workspaceOf(*resolver, parent, args);
    if (resolver->access.who == AccessRule::Who::role) call.identity->require(resolver->access.verb, call.workspace);
    if (known_.insert(call.workspace).second)
      call.core.store.read([&](db::Transaction& t) { registry::getWorkspace(t, call.workspace); });
    FieldCall field{call, parent, args, budget()};
    try {
      return resolver->run(field);
    } catch (const Error& fault) {
      // Clients tell these two apart by the status only.
      if ((name == "createFilterTrigger" && fault.code == Code::conflict) ||
          (name == "updateFilterTrigger" && fault.code == Code::notFound))
        call_.status = httpStatus(fault.code);
      throw;
    }
  }

  static const Resolver* find(const std::string& type, const std::string& name) {
    static const auto byName = [] {
      std::map<std::pair<std::string_view, std::string_view>, const Resolver*> all;
      for (const Resolver& one : resolvers()) all.emplace(std::pair{one.type, one.field}, &one);
      return all;
    }();
    auto found = byName.find({type, name});
    return found == byName.end() ? nullptr : found->second;
  }

  std::string workspaceOf(const Resolver& resolver, const json::object& parent, const json::object& args) const {
    auto orDefault = [&](std::string named) { return named.empty() ? defaultEntity(call_) : named; };
    switch (resolver.where) {
      case Where::nowhere:
        return call_.workspace;
      case Where::args:
        return orDefault(
            memberText(args, resolver.field == "entity" || resolver.field == "organization" ? "name" : "entityName"));
      case Where::entity:
        return orDefault(memberText(args.at("input").as_object(), "entityName"));
      case Where::input: {
        const json::object& input = args.at("input").as_object();
        std::string entity = memberText(input, "entityName");
        if (entity.empty() && !memberText(input, "id").empty()) entity = entityOfRunId(memberText(input, "id"));
        return orDefault(entity);
      }
      case Where::id: {
        std::string id = memberText(args, "id");
        return id.empty() ? entityOfRunId(memberText(args.at("input").as_object(), "id")) : entityOfRunId(id);
      }
      case Where::parent:
        return memberText(parent, "_workspace");
    }
    return {};
  }

  json::value errorItem(const Error& shown, json::array path) const override {
    json::object extensions{{"code", codeName(shown.code)}};
    if (!shown.detail.empty() && shown.detail.front() == '{') extensions["detail"] = parseJson(shown.detail);
    return json::object{{"message", shown.message}, {"path", std::move(path)}, {"extensions", std::move(extensions)}};
  }

  std::set<std::string, std::less<>> known_;  ///< workspaces that exist
};

}  // namespace

std::span<const Resolver> resolvers() {
  static const std::vector<Resolver> all = [] {
    std::vector<Resolver> joined;
    for (std::span<const Resolver> table :
         {accountResolvers(), runResolvers(), runListResolvers(), sweepResolvers(), artifactResolvers(),
          artifactMakers(), artifactParts(), artifactWriters(), registrySearch(), automationResolvers(),
          collectionWriters(), registryWriters(), runChanges()})
      joined.insert(joined.end(), table.begin(), table.end());
    return joined;
  }();
  return all;
}

std::string execute(Call& call, std::string_view body) {
  json::object plan = schema().planOf(body);
  WandbExecution execution(call, memberText(plan, "operation") == "Mutation");
  json::object answer{{"data", execution.run(plan)}};
  if (!execution.errors.empty()) answer["errors"] = std::move(execution.errors);
  return writeJson(answer);
}

}  // namespace regesta::api::wandb
