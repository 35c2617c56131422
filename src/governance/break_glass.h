#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "governance/gate_check.h"
#include "registry/change.h"

/// Moves against the policies in an emergency. Each opens a review, which another user must close.
namespace regesta::governance {

enum class BreakGlassStatus { open, accepted, objected };
std::string_view statusName(BreakGlassStatus status);

struct BreakGlass {
  std::int64_t id = 0;
  registry::AssetKey key;  ///< by its present name; of a deleted asset, by its last known
  bool deleted = false;    ///< the asset: administrators alone may see the review
  std::int64_t asset = 0;  ///< row
  registry::Pointer pointer;
  std::int64_t fromNumber = 0, toNumber = 0;
  std::string decision, reason;
  std::int64_t usedAt = 0;
  std::string usedBy;
  BreakGlassStatus status = BreakGlassStatus::open;
  std::int64_t reviewedAt = 0;
  std::string reviewedBy, conclusion;
  std::string subject() const { return fmt::format("break-glass/{}", id); }
};

inline constexpr std::int64_t breakGlassReviewDays = 2;  ///< after this, the review is overdue

/// For administrators in person, with a reason. Throws Error{denied}, Invalid.
void requireMayBreakGlass(const access::Identity& identity, const Question& question);
/// Makes the check of a refused or pending move allow it, for this reason. Throws Error{refused} for what no one may
/// override: rules of the registry itself.
void breakGlass(GateCheck& check, const access::Identity& identity, const Question& question);
/// Opens the review of a move by such a check. Recorded as "break-glass.used".
std::int64_t openReview(registry::Change& change, const Case& about, const GateCheck& check);

/// Recorded as "break-glass.reviewed". For users who may approve, did not make the move, and did not write the
/// version. `used` as found in this change. Throws Error{denied}, Error{invalidState} if it is closed.
BreakGlass reviewBreakGlass(registry::Change& change, const access::Identity& identity, BreakGlass used,
                            BreakGlassStatus status, std::string_view conclusion);
std::optional<BreakGlass> findBreakGlass(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
/// By id, newest first; at most `limit` below `before` (0: from the newest).
std::vector<BreakGlass> listBreakGlass(db::Transaction& transaction, std::string_view workspace,
                                       std::optional<BreakGlassStatus> status, std::int64_t before, std::size_t limit);
bool maySee(const access::Identity& identity, const BreakGlass& used);
/// Of all workspaces, for the metric.
std::int64_t openReviews(db::Transaction& transaction);

}  // namespace regesta::governance
