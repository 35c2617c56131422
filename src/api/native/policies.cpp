#include "api/native/policies.h"

#include "base/text.h"
#include "base/time.h"
#include "governance/binding.h"
#include "governance/gate.h"
#include "governance/governor.h"
#include "policy/engine.h"
#include "registry/pointer.h"

namespace regesta::api::native {

namespace {

std::vector<policy::Module> modulesOf(const std::vector<PolicyModule>& request) {
  std::vector<policy::Module> modules;
  std::size_t size = 0;
  for (const PolicyModule& module : request) {
    size += module.text.size();
    modules.push_back({module.name, module.text});
  }
  if (size > limits::policyText)
    throw Invalid("modules", fmt::format("must have at most {} bytes of text together", limits::policyText));
  return modules;
}

Plain jsonAnswer(const json::object& object) {
  Plain answer;
  answer.body = writeJson(object);
  return answer;
}

BindingAnswer answerOf(const governance::Binding& binding) {
  return {binding.id,
          binding.workspace,
          binding.kind,
          binding.namePattern,
          binding.pointer.text(),
          binding.policy,
          binding.opaUrl.empty() ? binding.policySelector : "",
          binding.opaUrl,
          binding.opaPath,
          timeText(binding.createdAt),
          binding.createdBy};
}

/// `modules` empty: every policy that is bound there.
Plain preview(Call& call, const PointerChoice& pointer, std::vector<policy::Module> modules) {
  registry::AssetKey key = readable(call, pointer.kind, pointer.name);
  std::string selector = selectorOf(pointer.version, "pointer.version");
  std::int64_t number = call.core.store.read(
      [&](db::Transaction& transaction) { return registry::resolveVersion(transaction, key, selector).number; });
  governance::Gate::Move move{.key = key, .pointer = registry::parsePointer(pointer.alias), .to = number};
  governance::Gate& gate = call.core.gate;
  governance::Gate::Outcome outcome =
      modules.empty() ? gate.preview(*call.identity, move) : gate.tryOut(*call.identity, move, std::move(modules));
  return jsonAnswer(governance::outcomeJson(gate, outcome));
}

}  // namespace

VersionAnswer createPolicy(Call& call, const NewPolicy& request) {
  registry::AssetKey key = changeable(call, "policy", request.name);
  std::string content = governance::modulesToContent(modulesOf(request.modules));
  registry::NewVersion made;
  made.content = checkPolicyContent(call.core, parseJson(content));
  made.description = request.description;
  made.semver = request.semver;
  call.status = 201;
  return storeVersion(call, key, made, true);
}

Plain checkPolicy(Call& call, const PolicyText& request) {
  return jsonAnswer(policy::toJson(call.core.policy.check(modulesOf(request.modules))));
}

Plain testPolicy(Call& call, const PolicyText& request) {
  return jsonAnswer(policy::toJson(call.core.policy.test(modulesOf(request.modules), request.filter)));
}

Plain evaluatePolicy(Call& call, const Evaluation& request) {
  std::vector<policy::Module> modules = modulesOf(request.modules);
  if (request.policy) {
    if (!modules.empty()) throw Invalid("modules", "must not be given with \"policy\"");
    registry::AssetKey key = readable(call, "policy", request.policy->name);
    std::string selector = request.policy->selector.empty() ? "latest" : request.policy->selector;
    modules = call.core.store.read([&](db::Transaction& transaction) {
      return governance::modulesFromContent(registry::resolveVersion(transaction, key, selector).content);
    });
  }
  if (request.pointer) return preview(call, *request.pointer, std::move(modules));
  if (modules.empty()) throw Invalid("modules", "is required unless \"policy\" or \"pointer\" is given");
  json::value input = request.input.text.empty() ? json::object() : parseJson(request.input.text);
  policy::Verdict verdict = call.core.policy.decide(modules, canonicalJson(input), nowMillis() * 1'000'000);
  return jsonAnswer({{"denied", verdict.denied()}, {"verdict", policy::toJson(verdict)}});
}

Page<BindingAnswer> listBindings(Call& call, const PageQuery& query) {
  auto all = call.core.store.read(
      [&](db::Transaction& transaction) { return governance::listBindings(transaction, call.workspace); });
  std::erase_if(all, [&](const governance::Binding& binding) {
    return !governance::concerns(*call.identity, binding, call.workspace);
  });
  return pageOf(
      all, query.pageToken, query.pageSize, [](const governance::Binding& binding) { return binding.id; }, answerOf);
}

BindingAnswer createBinding(Call& call, const NewBinding& request) {
  std::string workspace = request.everyWorkspace ? "*" : call.workspace;
  call.status = 201;
  governance::Binding binding{.workspace = workspace,
                              .kind = request.kind.empty() ? "*" : request.kind,
                              .namePattern = request.namePattern,
                              .pointer = registry::Pointer::read(request.pointer),
                              .policy = request.policy,
                              .policySelector = request.policySelector.empty() ? "latest" : request.policySelector,
                              .opaUrl = withoutSlash(request.opaUrl),
                              .opaPath = request.opaPath};
  if (request.policy.empty() && request.opaUrl.empty()) throw Invalid("policy", "is required without opa_url");
  if (!binding.opaUrl.empty() && !call.core.gate.asksOpa(binding.opaUrl))
    throw Invalid("opa_url", "must be one of the setting policy.opa-urls");
  governance::requireGovernor(*call.identity, binding);
  binding.pointer = registry::parsePointer(request.pointer);
  return answerOf(call.core.store.change(call.actor(),
                                         [&](registry::Change& change) { return governance::bind(change, binding); }));
}

Empty deleteBinding(Call& call, const NumberOnly& path) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto binding = governance::findBinding(change.transaction, path.id);
    if (!binding || (binding->workspace != "*" && binding->workspace != call.workspace))
      throw error(Code::notFound, "the binding {} does not exist in workspace '{}'", path.id, call.workspace);
    governance::requireGovernor(*call.identity, *binding);
    governance::unbind(change, path.id);
  });
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
