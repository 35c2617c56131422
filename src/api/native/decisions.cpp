#include "api/native/decisions.h"

#include "api/tracking_scope.h"
#include "base/text.h"
#include "governance/decision.h"
#include "governance/decision_view.h"

namespace regesta::api::native {

namespace {

using governance::Decision;

Decision find(Call& call, const std::string& digest) {
  auto decision =
      call.core.store.read([&](db::Transaction& transaction) { return governance::findDecision(transaction, digest); });
  requireReadable(call, decision ? std::optional(decision->key) : std::nullopt,
                  fmt::format("decision {}", shorten(digest, 80)));
  return *std::move(decision);
}

}  // namespace

Page<DecisionShort> listDecisions(Call& call, const DecisionQuery& query) {
  std::size_t wanted = rowsOf(query.pageSize);
  auto found = call.core.store.read([&](db::Transaction& transaction) {
    return governance::listDecisions(transaction, call.workspace, query.kind, query.name, query.pointer,
                                     readNumberToken(query.pageToken), wanted + 1);
  });
  Page<DecisionShort> page;
  if (found.size() > wanted) {
    found.pop_back();
    page.nextPageToken = makeToken(std::to_string(found.back().at));
  }
  for (const Decision& decision : found) {
    if (!call.identity->may(access::Verb::read, call.workspace, decision.key.name)) continue;
    page.items.push_back({decision.digest, std::string(registry::kindName(decision.key.kind)), decision.key.name,
                          decision.pointer.text(), std::string(governance::resultName(decision.result)),
                          timeText(decision.at)});
  }
  return page;
}

DecisionAnswer getDecision(Call& call, const DigestPath& path) {
  Decision decision = find(call, path.digest);
  json::value body = parseJson(decision.body);
  DecisionAnswer answer;
  answer.digest = decision.digest;
  answer.kind = registry::kindName(decision.key.kind);
  answer.name = decision.key.name;
  answer.pointer = decision.pointer.text();
  answer.result = governance::resultName(decision.result);
  answer.at = timeText(decision.at);
  json::array& inputs = body.at("inputs").as_array();
  answer.hidden = call.core.store.read(
      [&](db::Transaction& transaction) { return governance::hideInputs(scopeOf(call, transaction), inputs); });
  answer.input.text = writeJson(body.at("inputs").at(0));
  answer.verdict.text = writeJson(body.at("verdict"));
  answer.requirements.text = writeJson(body.at("requirements"));
  answer.evaluations.text = writeJson(body.at("evaluations"));
  answer.inputs.text = writeJson(body.at("inputs"));
  for (auto [target, name] : {std::pair{&answer.waivers, "waivers"}, {&answer.breakGlass, "break_glass"}})
    if (const json::value* found = body.as_object().if_contains(name)) target->text = writeJson(*found);
  if (!answer.hidden) answer.body = std::move(decision.body);
  return answer;
}

ReplayAnswer replayDecision(Call& call, const DigestPath& path) {
  governance::Replayed replayed =
      governance::replayDecision(call.core.store, call.core.policy, find(call, path.digest));
  return {replayed.same, std::move(replayed.differences)};
}

}  // namespace regesta::api::native
