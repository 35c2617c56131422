#include "api/native/policies.h"

#include "base/time.h"
#include "governance/binding.h"
#include "governance/gate.h"
#include "policy/engine.h"

namespace regesta::api::native {

namespace {

using governance::Verb;

std::vector<policy::Module> modulesOf(const std::vector<PolicyModule>& asked) {
  std::vector<policy::Module> modules;
  std::size_t size = 0;
  for (const PolicyModule& module : asked) {
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
  return {binding.id,       binding.workspace, binding.kind,           binding.namePattern,
          binding.pointer,  binding.policy,    binding.policySelector, timeText(binding.createdAt),
          binding.createdBy};
}

/// `modules` empty: every policy that is bound there.
Plain preview(Call& call, const PointerChoice& pointer, std::vector<policy::Module> modules) {
  registry::AssetKey key = readable(call, pointer.kind, pointer.name);
  std::string selector = selectorOf(pointer.version, "pointer.version");
  std::int64_t number = call.core.store.read(
      [&](db::Session& session) { return registry::resolveVersion(session, key, selector).number; });
  governance::Gate::Move move{.key = key, .pointer = pointer.alias, .to = number};
  governance::Gate& gate = call.core.gate;
  governance::Gate::Outcome outcome =
      modules.empty() ? gate.preview(*call.identity, move) : gate.tryOut(*call.identity, move, std::move(modules));
  return jsonAnswer(governance::outcomeJson(gate, outcome));
}

}  // namespace

VersionAnswer createPolicy(Call& call, const NewPolicy& asked) {
  registry::AssetKey key = changeable(call, "policy", asked.name);
  std::string content = governance::modulesToContent(modulesOf(asked.modules));
  registry::NewVersion made;
  made.content = checkPolicyContent(call.core, parseJson(content));
  made.description = asked.description;
  made.semver = asked.semver;
  call.status = 201;
  return storeVersion(call, key, made, true);
}

Plain checkPolicy(Call& call, const PolicyText& asked) {
  return jsonAnswer(policy::toJson(call.core.policy.check(modulesOf(asked.modules))));
}

Plain testPolicy(Call& call, const PolicyText& asked) {
  return jsonAnswer(policy::toJson(call.core.policy.test(modulesOf(asked.modules), asked.filter)));
}

Plain evaluatePolicy(Call& call, const Evaluation& asked) {
  std::vector<policy::Module> modules = modulesOf(asked.modules);
  if (asked.policy) {
    if (!modules.empty()) throw Invalid("modules", "must not stand beside \"policy\"");
    registry::AssetKey key = readable(call, "policy", asked.policy->name);
    std::string selector = asked.policy->selector.empty() ? "latest" : asked.policy->selector;
    modules = call.core.store.read([&](db::Session& session) {
      return governance::modulesFromContent(registry::resolveVersion(session, key, selector).content);
    });
  }
  if (asked.pointer) return preview(call, *asked.pointer, std::move(modules));
  if (modules.empty()) throw Invalid("modules", "or \"policy\" or \"pointer\" is required");
  json::value input = asked.input.text.empty() ? json::object() : parseJson(asked.input.text);
  policy::Verdict verdict = call.core.policy.decide(modules, canonicalJson(input), nowMillis() * 1'000'000);
  return jsonAnswer({{"denied", verdict.denied()}, {"verdict", policy::toJson(verdict)}});
}

Page<BindingAnswer> listBindings(Call& call, const PageQuery& query) {
  auto all =
      call.core.store.read([&](db::Session& session) { return governance::listBindings(session, call.workspace); });
  return pageOf(
      all, query.pageToken, query.pageSize, [](const governance::Binding& binding) { return binding.id; }, answerOf);
}

BindingAnswer createBinding(Call& call, const NewBinding& asked) {
  std::string workspace = asked.everyWorkspace ? "*" : call.workspace;
  // The pattern is held against the grant's pattern: who administers team-* may bind team-x but not *.
  call.identity->require(Verb::administer, workspace, asked.namePattern);
  call.status = 201;
  governance::Binding binding{.workspace = workspace,
                              .kind = asked.kind.empty() ? "*" : asked.kind,
                              .namePattern = asked.namePattern,
                              .pointer = asked.pointer,
                              .policy = asked.policy,
                              .policySelector = asked.policySelector.empty() ? "latest" : asked.policySelector};
  return answerOf(call.core.store.change(call.actor(),
                                         [&](registry::Change& change) { return governance::bind(change, binding); }));
}

Nothing deleteBinding(Call& call, const NumberOnly& path) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto binding = governance::findBinding(change.session, path.id);
    if (!binding || (binding->workspace != "*" && binding->workspace != call.workspace))
      throw error(Code::notFound, "there is no binding {} in workspace '{}'", path.id, call.workspace);
    call.identity->require(Verb::administer, binding->workspace, binding->namePattern);
    governance::unbind(change, path.id);
  });
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
