#include "api/native/moves.h"

#include <algorithm>

#include "registry/pointer.h"

namespace regesta::api::native {

namespace {

using governance::Gate;

Gate::Move moveOf(Call& call, const OneMove& asked, const NewMoves& all) {
  registry::AssetKey key = readable(call, asked.kind, asked.name);
  const std::int64_t number = numberOf(call, key, asked.version);
  return {.key = std::move(key),
          .pointer = registry::parsePointer(asked.pointer),
          .to = number,
          .reason = all.reason,
          .from = asked.from,
          .notBefore = momentOf(all.notBefore, "not_before").value_or(0)};
}

[[noreturn]] void refuse(Call& call, const std::vector<Gate::Move>& moves, const std::vector<Gate::Outcome>& outcomes) {
  std::string text = "Nothing has moved: the moves happen together or not at all.";
  json::array details;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    json::object detail = governance::outcomeJson(call.core.gate, outcomes[i]);
    detail["subject"] = moves[i].key.subject(moves[i].pointer);
    details.push_back(std::move(detail));
    if (!outcomes[i].isDone()) text += "\n" + governance::outcomeText(call.core.gate, moves[i], outcomes[i]);
  }
  throw Error(Code::refused, std::move(text), writeJson(json::object{{"moves", std::move(details)}}));
}

}  // namespace

MovesAnswer moveTogether(Call& call, const NewMoves& asked) {
  std::vector<Gate::Move> moves;
  for (const OneMove& one : asked.moves) moves.push_back(moveOf(call, one, asked));
  std::vector<Gate::Outcome> outcomes = call.core.gate.moveTogether(*call.identity, moves);
  if (!std::ranges::all_of(outcomes, &Gate::Outcome::isDone)) refuse(call, moves, outcomes);
  MovesAnswer answer;
  for (std::size_t i = 0; i < moves.size(); ++i)
    answer.moves.push_back(moveAnswer(call.core, moves[i].key.subject(moves[i].pointer), outcomes[i]));
  return answer;
}

}  // namespace regesta::api::native
