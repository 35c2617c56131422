#include <gtest/gtest.h>

#include "governance/replay.h"
#include "registry/action.h"

namespace regesta::governance {
namespace {

using registry::Action;
using registry::ActionInfo;
using registry::SubjectKind;

json::object entryOf(std::string_view action, std::string_view subject, json::object data) {
  return {{"action", action},
          {"actor", "user:anna"},
          {"workspace", "default"},
          {"subject", subject},
          {"data", std::move(data)}};
}

/// An object with every member that an entry's data may have, so that each action finds the members it reads.
json::object someData(std::string_view pointer) {
  return {{"pointer", pointer},
          {"from", 1},
          {"to", 2},
          {"rollout", 1},
          {"status", "paused"},
          {"step", 3},
          {"forced", 2},
          {"evidence", "e"},
          {"key", "tier"},
          {"digest", "new"},
          {"binding", 1},
          {"comment", 7},
          {"grants", json::array{"admin"}},
          {"credential", "new"},
          {"link", "new"}};
}

std::string_view subjectFor(const ActionInfo& info) {
  switch (info.subject) {
    case SubjectKind::asset:
      return "model/x";
    case SubjectKind::version:
      return info.name == "version.restored" ? "model/x@2" : "model/x@1";
    case SubjectKind::pointer:
      return info.name.starts_with("stage.") ? "model/x#stage:Staging" : "model/x#live";
    case SubjectKind::changeRequest:
      return "change-request/1";
    case SubjectKind::account:
      return info.name.starts_with("user.") ? "user/anna" : "token/ci";
    case SubjectKind::other:
      return info.name.starts_with("hold.") ? "hold/1" : "run/r1";
  }
  return "";
}

/// Everything that an action may change exists.
Replay filled() {
  Replay replay;
  auto take = [&](std::string_view action, std::string_view subject, json::object data) {
    replay.take(0, entryOf(action, subject, std::move(data)));
  };
  take("asset.created", "model/x", {{"tags", {{"tier", "old"}}}});
  for (int number : {1, 2})
    take("version.created", fmt::format("model/x@{}", number), {{"digest", "old"}, {"tags", {{"tier", "old"}}}});
  take("version.archived", "model/x@2", {});
  take("hold.placed", "hold/1", {{"kind", "model"}, {"name_pattern", "x"}, {"reason", "case 1"}});
  take("alias.moved", "model/x#live", {{"pointer", "live"}, {"to", 1}});
  take("stage.entered", "model/x#stage:Staging", {{"pointer", "stage:Staging"}, {"to", 1}});
  take("rollout.started", "model/x#live", {{"pointer", "live"}, {"rollout", 1}, {"status", "running"}});
  take("change-request.opened", "change-request/1", {});
  take("policy.bound", "policy/gate", {{"binding", 1}});
  take("user.created", "user/anna", {});
  take("token.created", "token/ci", {});
  return replay;
}

bool changes(const ActionInfo& info) {
  Replay replay = filled();
  const State before = replay.state();
  std::string_view subject = subjectFor(info);
  std::size_t mark = subject.rfind('#');
  json::object data = someData(mark == std::string_view::npos ? "" : subject.substr(mark + 1));
  if (info.action == Action::assetRenamed) data["from"] = "x";
  if (info.action == Action::assetCreated) subject = "model/new";
  if (info.action == Action::policyBound) data["binding"] = 2;
  replay.take(1, entryOf(info.name, info.action == Action::assetRenamed ? "model/y" : subject, std::move(data)));
  for (std::size_t table = 0; table < tableCount; ++table) {
    const Rows &old = before.tables[table], &now = replay.state().tables[table];
    if (old.size() != now.size()) return true;
    for (const auto& [name, row] : now)
      if (auto found = old.find(name); found == old.end() || found->second.fields != row.fields) return true;
  }
  return false;
}

/// Whoever adds an action also teaches the replay what it does, or says in registry/action.cpp why it need not.
TEST(ActionReplay, everyActionIsReplayedOrExempt) {
  for (const ActionInfo& info : registry::actions()) EXPECT_EQ(changes(info), info.exempt.empty()) << info.name;
}

TEST(ActionReplay, anActionOfANewerServerChangesNothing) {
  EXPECT_FALSE(changes({Action::aliasMoved, "alias.swapped", SubjectKind::pointer}));
}

}  // namespace
}  // namespace regesta::governance
