#include "api/wandb/execute.h"

#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "api/client_error.h"
#include "api/wandb/names.h"
#include "api/wandb/resolvers.h"
#include "api/wandb/schema.h"
#include "base/log.h"
#include "base/text.h"
#include "registry/workspace.h"

namespace regesta::api::wandb {
namespace {

// What one request may need, however long its lists are and however often its fields are repeated under other names.
constexpr std::size_t resolverCalls = 5000, answerValues = 500'000, answerBytes = 64 << 20;
constexpr std::chrono::seconds answerTime{20};

/// Ends the whole request: going on field by field would cost as much as the fields.
struct TooMuch : Error {
  TooMuch() : Error(Code::exhausted, "the request asks for too much at once; ask for pages or fewer fields") {}
};

class Execution {
 public:
  explicit Execution(Call& call) : call_(call) {}

  json::object fields(const json::object& parent, const std::string& type, const json::array& selections) {
    json::object made;
    for (const json::value& selection : selections) {
      const json::object& wanted = selection.as_object();
      if (const json::value* on = wanted.if_contains("on"); on && !contains(on->as_array(), type)) continue;
      std::string key = memberText(wanted, "key");
      path_.push_back(key);
      json::value value = field(parent, type, wanted);
      path_.pop_back();
      if (made.contains(key) && made[key].is_object() && value.is_object())
        for (auto& member : value.as_object()) made[key].as_object().insert(member);
      else
        made[key] = std::move(value);
    }
    return made;
  }

  void note(const Error& fault) {
    if (httpStatus(fault.code) >= 500) log(LogLevel::error, fault.message, {{"request", call_.http.id}});
    std::optional<Error> hidden = clientError(fault, call_.http.id);
    const Error& shown = hidden ? *hidden : fault;
    json::array path(path_.begin(), path_.end());
    json::object extensions{{"code", codeName(shown.code)}};
    if (!shown.detail.empty() && shown.detail.front() == '{') extensions["detail"] = parseJson(shown.detail);
    errors.push_back(
        json::object{{"message", shown.message}, {"path", std::move(path)}, {"extensions", std::move(extensions)}});
  }

  json::array errors;

 private:
  static bool contains(const json::array& types, const std::string& type) {
    for (const json::value& one : types)
      if (one == json::string_view(type)) return true;
    return false;
  }

  json::value field(const json::object& parent, const std::string& type, const json::object& wanted) {
    std::string name = memberText(wanted, "name");
    spend(name.size());
    if (name == "__typename") return json::value(type);
    json::value value;
    try {
      value = valueOf(parent, type, name, wanted);
    } catch (const TooMuch&) {
      throw;
    } catch (const Error& fault) {
      note(fault);
      return nullptr;
    }
    return wanted.contains("fields") ? complete(value, wanted) : value;
  }

  json::value valueOf(const json::object& parent, const std::string& type, const std::string& name,
                      const json::object& wanted) {
    const Resolver* resolver = find(type, name);
    if (!resolver) {
      if (const json::value* known = parent.if_contains(name)) {
        if (const json::string* text = known->if_string()) spend(text->size());
        return *known;
      }
      if (type == "Mutation") throw error(Code::unsupported, "this server does not support '{}'", name);
      return nullptr;
    }
    if (++calls_ > resolverCalls || std::chrono::steady_clock::now() > deadline_) throw TooMuch();
    const json::object& args = wanted.at("args").as_object();
    Call call = call_;
    call.workspace = workspaceOf(*resolver, parent, args);
    if (known_.insert(call.workspace).second)
      call.core.store.read([&](db::Transaction& t) { registry::getWorkspace(t, call.workspace); });
    if (resolver->access.who == AccessRule::Who::role) call.identity->require(resolver->access.verb, call.workspace);
    FieldCall field{call, parent, args};
    return resolver->run(field);
  }

  void spend(std::size_t bytes) {
    bytes_ += bytes;
    if (++values_ > answerValues || bytes_ > answerBytes) throw TooMuch();
    if (values_ % 1024 == 0 && std::chrono::steady_clock::now() > deadline_) throw TooMuch();
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
        return orDefault(memberText(args, resolver.field == "entity" ? "name" : "entityName"));
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

  json::value complete(json::value& value, const json::object& wanted) {
    if (value.is_array()) {
      json::array made;
      for (json::value& item : value.get_array()) made.push_back(complete(item, wanted));
      return made;
    }
    if (!value.is_object()) return nullptr;
    std::string type = memberText(value.get_object(), "__typename");
    return fields(value.get_object(), type.empty() ? memberText(wanted, "type") : type, wanted.at("fields").as_array());
  }

  Call& call_;
  std::vector<std::string> path_;
  std::size_t calls_ = 0, values_ = 0, bytes_ = 0;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + answerTime;
  std::set<std::string, std::less<>> known_;  ///< workspaces that exist
};

}  // namespace

std::span<const Resolver> resolvers() {
  static const std::vector<Resolver> all = [] {
    std::vector<Resolver> joined;
    for (std::span<const Resolver> table : {accountResolvers(), runResolvers(), runListResolvers(), sweepResolvers(),
                                            artifactResolvers(), artifactMakers(), artifactWriters()})
      joined.insert(joined.end(), table.begin(), table.end());
    return joined;
  }();
  return all;
}

std::string execute(Call& call, std::string_view body) {
  json::object plan = planOf(body);
  Execution execution(call);
  json::object answer{{"data", nullptr}};
  try {
    answer["data"] = execution.fields({}, memberText(plan, "operation"), plan.at("fields").as_array());
  } catch (const TooMuch& fault) {
    execution.note(fault);
  }
  if (!execution.errors.empty()) answer["errors"] = std::move(execution.errors);
  return writeJson(answer);
}

}  // namespace regesta::api::wandb
