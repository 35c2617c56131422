#pragma once
#include "api/native/aliases.h"
#include "api/native/common.h"

namespace regesta::api::native {

struct OneMove {
  std::string kind, name, pointer;
  RawJson version;
  std::optional<std::int64_t> from;
  static constexpr Field fields[] = {
      field<&OneMove::kind>("kind", required), field<&OneMove::name>("name", required),
      field<&OneMove::pointer>("pointer", required | about("an alias, or stage:NAME")),
      field<&OneMove::version>("version", present | about("a number, SemVer, range or alias")),
      field<&OneMove::from>("from", about("version that it must point to (0: none); otherwise 409"))};
};
struct NewMoves {
  std::vector<OneMove> moves;
  std::string reason, notBefore;
  static constexpr std::string_view documentation =
      "Moves aliases and stages of several assets together or not at all. The policies of each are run. If all allow "
      "it, all move at once. If something is missing, a change request opens for each, and the one that is met last "
      "carries all of them out. If a policy denies one of the moves, nothing moves.";
  static constexpr Field fields[] = {
      field<&NewMoves::moves>("moves", required | about("at most 20, each of another asset")),
      field<&NewMoves::reason>("reason", atMost(4000)),
      field<&NewMoves::notBefore>("not_before", about("RFC 3339: the change requests carry the moves out then"))};
};
struct MovesAnswer {
  std::vector<MoveAnswer> moves;
  static constexpr Field fields[] = {field<&MovesAnswer::moves>("moves", about("in the order of the request"))};
};

MovesAnswer moveTogether(Call& call, const NewMoves& asked);

}  // namespace regesta::api::native
