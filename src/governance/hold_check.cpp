#include "governance/hold_check.h"

#include <limits>

#include "base/name_pattern.h"
#include "registry/action.h"

namespace regesta::governance {

namespace {

using registry::Action;

/// Not a number of a version: a hold on any version of an asset forbids that the asset is deleted.
constexpr std::int64_t wholeAsset = std::numeric_limits<std::int64_t>::max();

}  // namespace

struct HoldCheck::About {
  std::int64_t index;
  Action action;
  std::string workspace, subject;
  const json::object& data;
  std::string kind() const { return subject.substr(0, subject.find('/')); }
  std::string name() const {
    std::size_t slash = subject.find('/') + 1;
    std::size_t end =
        action == Action::versionDeleted || action == Action::versionArchived ? subject.rfind('@') : std::string::npos;
    return subject.substr(slash, end == std::string::npos ? end : end - slash);
  }
};

bool HoldCheck::Hold::covers(std::string_view inWorkspace, std::string_view ofKind, std::string_view named) const {
  if (ofAsset) return workspace == inWorkspace && kind == ofKind && name == named;
  return AssetPattern{workspace, kind, name}.covers(inWorkspace, ofKind, named);
}

void HoldCheck::take(std::int64_t index, const json::object& entry) {
  auto action = registry::parseAction(memberText(entry, "action"));
  if (!action) return;
  About about{index, *action, memberText(entry, "workspace"), memberText(entry, "subject"),
              memberObject(entry, "data")};
  if (action == Action::holdPlaced) place(about);
  if (action == Action::holdLifted) inForce_.erase({about.workspace, about.subject});
  if (action == Action::assetRenamed) rename(about);
  if (action == Action::assetDeleted) forbid(about, wholeAsset);
  if (action == Action::versionDeleted || action == Action::versionArchived)
    forbid(about, parseInteger(std::string_view(about.subject).substr(about.subject.rfind('@') + 1)).value_or(0));
}

void HoldCheck::place(const About& about) {
  inForce_[{about.workspace, about.subject}] = {
      about.workspace, memberText(about.data, "kind"), memberText(about.data, "name_pattern"),
      memberInteger(about.data, "asset") != 0, memberInteger(about.data, "number")};
}

void HoldCheck::rename(const About& about) {
  std::string from = memberText(about.data, "from");
  for (auto& [name, hold] : inForce_) {
    if (!hold.covers(about.workspace, about.kind(), from)) continue;
    if (hold.ofAsset)
      hold.name = about.name();
    else if (!hold.covers(about.workspace, about.kind(), about.name()))
      add(about, name.second);
  }
}

void HoldCheck::forbid(const About& about, std::int64_t number) {
  for (const auto& [name, hold] : inForce_)
    if (hold.covers(about.workspace, about.kind(), about.name()) &&
        (hold.number == 0 || number == wholeAsset || hold.number == number))
      add(about, name.second);
}

void HoldCheck::add(const About& about, const std::string& hold) {
  broken_.push_back({about.index, about.subject,
                     fmt::format("{} of {} ({}), although {} forbade it: the server did not find the hold's row",
                                 registry::nameOf(about.action), about.subject, entryWords(about.index), hold)});
}

void HoldCheck::compare(Comparison& found, std::size_t limit) const {
  for (const Difference& difference : broken_) found.add(difference, limit);
}

}  // namespace regesta::governance
