#include "governance/replay.h"

#include "base/error.h"
#include "base/json.h"
#include "base/redact.h"
#include "registry/action.h"
#include "registry/pointer_name.h"
#include "registry/workspace.h"

namespace regesta::governance {

using registry::Action;
using registry::SubjectKind;

struct Replay::Entry {
  std::int64_t index = -1;
  Action action;
  std::string actor, workspace, subject;
  json::object data;

  std::string text(std::string_view name) const { return memberText(data, name); }
  std::int64_t number(std::string_view name) const {
    const json::value* found = data.if_contains(name);
    return found && found->is_int64() ? found->as_int64() : 0;
  }
  json::value value(std::string_view name) const {
    const json::value* found = data.if_contains(name);
    return found ? *found : json::value();
  }
  /// The asset's part of the subject, by the mark that the action's kind of subject ends with.
  std::string asset() const {
    std::size_t end = subject.size();
    SubjectKind kind = registry::infoOf(action).subject;
    if (kind == SubjectKind::pointer) end = subject.rfind("#" + text("pointer"));
    if (kind == SubjectKind::version) end = subject.rfind('@');
    return subject.substr(0, end);
  }
  std::string key() const { return rowKey(workspace, asset(), std::string_view(subject).substr(asset().size())); }
  std::string tagKey(std::string_view tag) const { return key() + " " + std::string(tag); }
  bool is(Action wanted) const { return action == wanted; }
};

namespace {

constexpr char separator = '\x1f';
constexpr Table ofAssets[] = {Table::asset, Table::tag, Table::version, Table::alias, Table::stage, Table::rollout};

void set(Rows& rows, const std::string& name, json::object fields, std::int64_t entry) {
  rows[name] = {std::move(fields), entry};
}

/// Changes one member of a row; a row that no entry mentions stays unknown and is reported as such.
template <class Value>
void amend(Rows& rows, const std::string& name, std::string_view field, const Value& value, std::int64_t entry) {
  auto found = rows.find(name);
  if (found == rows.end()) return;
  found->second.fields[field] = json::value(value);
  found->second.entry = entry;
}

/// Entries did not always say it: then it follows from the rest.
std::string evidenceOrigin(const json::object& data) {
  if (std::string origin = memberText(data, "origin"); !origin.empty()) return origin;
  const json::value* verified = data.if_contains("verified");
  if (verified && verified->is_bool() && verified->as_bool()) return "server";
  return memberText(data, "type") == "prompt-test" ? "runner" : "client";
}

}  // namespace

std::string rowKey(std::string_view workspace, std::string_view asset, std::string_view rest) {
  return fmt::format("{}{}{}{}{}", workspace, separator, asset, separator, rest);
}

void Comparison::add(Difference difference, std::size_t limit) {
  if (differences.size() < limit)
    differences.push_back(std::move(difference));
  else
    ++further;
}

std::string entryWords(std::int64_t entry) {
  return entry < 0 ? "an entry not yet in the tree" : fmt::format("entry {}", entry);
}

std::string rowName(std::string_view key) {
  std::size_t first = key.find(separator), second = key.find(separator, first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::string(key);
  std::string name = fmt::format("{}{}", key.substr(first + 1, second - first - 1), key.substr(second + 1));
  std::string_view workspace = key.substr(0, first);
  return workspace == registry::defaultWorkspace ? name : fmt::format("{} in workspace {}", name, workspace);
}

std::optional<json::object> parseEntry(std::string_view text) try {
  json::value value = parseJson(text);
  if (value.is_object()) return std::move(value.as_object());
  return std::nullopt;
} catch (const Error&) {
  return std::nullopt;  // verifyDatabase names it
}

void Replay::take(std::int64_t index, std::string_view body) {
  if (auto object = parseEntry(body)) take(index, *object);
}

void Replay::take(std::int64_t index, const json::object& object) {
  auto action = registry::parseAction(memberText(object, "action"));
  if (!action) return;  // of a newer version; its rows are compared by their digests
  Entry entry{
      index, *action, memberText(object, "actor"), memberText(object, "workspace"), memberText(object, "subject"), {}};
  if (const json::value* data = object.if_contains("data"); data && data->is_object()) entry.data = data->as_object();
  switch (*action) {
    case Action::assetCreated:
    case Action::assetRenamed:
    case Action::assetDeleted:
    case Action::assetTagSet:
    case Action::assetTagDeleted:
    case Action::versionArchived:
    case Action::versionCreated:
    case Action::versionDeleted:
    case Action::versionRestored:
    case Action::versionTagSet:
    case Action::versionTagDeleted:
      takeRegistry(entry);
      break;
    case Action::aliasMoved:
    case Action::aliasRemoved:
    case Action::stageEntered:
    case Action::stageLeft:
      takePointer(entry);
      break;
    case Action::evidenceAdded:
    case Action::policyBound:
    case Action::policyUnbound:
      takeGovernance(entry);
      break;
    case Action::runSealed:
    case Action::runChangedAfterSeal:
      takeRun(entry);
      break;
    case Action::holdPlaced:
    case Action::holdLifted:
      takeHold(entry);
      break;
    default:
      if (registry::isRolloutAction(*action)) takeRollout(entry);
      if (registry::infoOf(*action).subject == SubjectKind::changeRequest) takeRequest(entry);
      if (registry::infoOf(*action).subject == SubjectKind::account) takeAccess(entry);
  }
  citeDecision(entry);
}

void Replay::takeRegistry(const Entry& entry) {
  auto addTags = [&](const json::value& tags) {
    if (!tags.is_object()) return;
    for (const auto& tag : tags.as_object())
      set(state_[Table::tag], entry.tagKey(tag.key()), {{"value", tag.value()}}, entry.index);
  };
  if (entry.is(Action::assetCreated)) {
    set(state_[Table::asset], entry.key(), {{"created_by", entry.actor}}, entry.index);
    addTags(entry.value("tags"));
  } else if (entry.is(Action::assetRenamed)) {
    renameAsset(entry);
  } else if (entry.is(Action::assetDeleted)) {
    dropAsset(entry);
  } else if (entry.is(Action::versionCreated)) {
    set(state_[Table::version], entry.key(),
        {{"digest", entry.text("digest")},
         {"author", entry.actor},
         {"semver", entry.text("semver")},
         {"source", redactUrl(entry.text("source"))},  // older entries have it whole
         {"run", entry.text("run")},
         {"run_digest", entry.text("run_digest")},
         {"archived", false},
         {"deleted", false}},
        entry.index);
    set(state_[Table::stage], entry.key(), {{"stage", "None"}}, entry.index);
    addTags(entry.value("tags"));
  } else if (entry.is(Action::versionDeleted)) {
    amend(state_[Table::version], entry.key(), "deleted", true, entry.index);
    amend(state_[Table::version], entry.key(), "archived", false, entry.index);
    for (std::string_view redacted : {"source", "run"})
      amend(state_[Table::version], entry.key(), redacted, "", entry.index);
    amend(state_[Table::stage], entry.key(), "stage", "Deleted", entry.index);
  } else if (entry.is(Action::versionArchived) || entry.is(Action::versionRestored)) {
    amend(state_[Table::version], entry.key(), "archived", entry.is(Action::versionArchived), entry.index);
  } else if (entry.is(Action::assetTagSet) || entry.is(Action::versionTagSet)) {
    set(state_[Table::tag], entry.tagKey(entry.text("key")), {{"value", entry.text("digest")}}, entry.index);
  } else if (entry.is(Action::assetTagDeleted) || entry.is(Action::versionTagDeleted)) {
    state_[Table::tag].erase(entry.tagKey(entry.text("key")));
  }
}

void Replay::renameAsset(const Entry& entry) {
  std::string before = entry.subject.substr(0, entry.subject.find('/') + 1) + entry.text("from");
  std::string from = rowKey(entry.workspace, before, ""), to = rowKey(entry.workspace, entry.subject, "");
  for (Table table : ofAssets) {
    Rows& rows = state_[table];
    std::vector<std::pair<std::string, Row>> moved;
    for (auto row = rows.lower_bound(from); row != rows.end() && row->first.starts_with(from); row = rows.erase(row))
      moved.emplace_back(to + row->first.substr(from.size()), std::move(row->second));
    for (auto& [key, row] : moved) rows[key] = std::move(row);
  }
}

void Replay::dropAsset(const Entry& entry) {
  std::string below = rowKey(entry.workspace, entry.subject, "");
  for (Table table : ofAssets) {
    Rows& rows = state_[table];
    for (auto row = rows.lower_bound(below); row != rows.end() && row->first.starts_with(below);) row = rows.erase(row);
  }
}

void Replay::takePointer(const Entry& entry) {
  auto versionName = [&](std::int64_t number) {
    return rowKey(entry.workspace, entry.asset(), fmt::format("@{}", number));
  };
  if (entry.is(Action::aliasMoved))
    set(state_[Table::alias], entry.key(), {{"version", entry.number("to")}, {"moved_by", entry.actor}}, entry.index);
  if (entry.is(Action::aliasRemoved)) state_[Table::alias].erase(entry.key());
  if (entry.is(Action::stageLeft))
    amend(state_[Table::stage], versionName(entry.number("from")), "stage", "None", entry.index);
  if (!entry.is(Action::stageEntered)) return;
  registry::Pointer pointer = registry::Pointer::read(entry.text("pointer"));
  amend(state_[Table::stage], versionName(entry.number("to")), "stage", pointer.name(), entry.index);
  if (json::value archived = entry.value("archived"); archived.is_array())
    for (const json::value& number : archived.as_array())
      if (number.is_int64())
        amend(state_[Table::stage], versionName(number.as_int64()), "stage", "Archived", entry.index);
}

void Replay::takeRollout(const Entry& entry) {
  Rows& rollouts = state_[Table::rollout];
  std::string name = fmt::format("{} rollout {}", entry.key(), entry.number("rollout"));
  if (entry.is(Action::rolloutStarted)) {
    set(rollouts, name,
        {{"stable", entry.number("stable")},
         {"plan", entry.text("plan")},
         {"salt", entry.text("salt")},
         {"decision", entry.text("decision")},
         {"started_by", entry.actor},
         {"evidence", ""},
         {"ended_by", ""}},
        entry.index);
  }
  amend(rollouts, name, "status", entry.text("status"), entry.index);
  amend(rollouts, name, "step", entry.number("step"), entry.index);
  amend(rollouts, name, "forced", entry.number("forced"), entry.index);
  if (std::string decision = entry.text("decision"); !decision.empty())
    amend(rollouts, name, "decision", decision, entry.index);
  bool ended =
      entry.is(Action::rolloutRolledBack) || entry.is(Action::rolloutStopped) || entry.is(Action::rolloutCompleted);
  if (!ended) return;
  amend(rollouts, name, "evidence", entry.text("evidence"), entry.index);
  amend(rollouts, name, "ended_by", entry.actor, entry.index);
}

void Replay::takeGovernance(const Entry& entry) {
  if (entry.is(Action::evidenceAdded)) {
    set(state_[Table::evidence], fmt::format("evidence/{}", entry.number("evidence")),
        {{"about", rowName(entry.key())},
         {"type", entry.text("type")},
         {"verified", entry.value("verified")},
         {"origin", evidenceOrigin(entry.data)},
         {"job", entry.number("job")},
         {"digest", entry.text("digest")},
         {"summary", entry.text("summary")},
         {"version_digest", entry.text("version_digest")},
         {"by", entry.actor}},
        entry.index);
  } else if (entry.is(Action::policyBound)) {
    set(state_[Table::binding], fmt::format("binding/{}", entry.number("binding")),
        {{"workspace", entry.workspace},
         {"kind", entry.text("kind")},
         {"name_pattern", entry.text("name_pattern")},
         {"pointer", entry.text("pointer")},
         {"policy", entry.text("policy")},
         {"policy_selector", entry.text("policy_selector")},
         {"opa", entry.text("opa_url") + " " + entry.text("opa_path")},
         {"by", entry.actor}},
        entry.index);
  } else if (entry.is(Action::policyUnbound)) {
    state_[Table::binding].erase(fmt::format("binding/{}", entry.number("binding")));
  }
}

void Replay::takeRequest(const Entry& entry) {
  Rows& requests = state_[Table::changeRequest];
  if (entry.is(Action::changeRequestOpened)) {
    json::object fields{{"status", "open"}, {"requested_by", entry.actor}, {"closed_by", ""}};
    for (std::string_view name :
         {"pointer", "action", "from", "from_digest", "to", "to_digest", "decision", "reason", "plan"})
      fields[name] = entry.value(name);
    fields["asset"] = entry.number("asset");
    fields["not_before"] = entry.number("not_before");
    fields["change_set"] = entry.text("change_set");
    set(requests, entry.subject, std::move(fields), entry.index);
  } else if (entry.is(Action::changeRequestLinked) || entry.is(Action::changeRequestReminded)) {
    return;  // where else people review it, and that they were asked again
  } else if (entry.is(Action::changeRequestDecided)) {
    amend(requests, entry.subject, "decision", entry.text("decision"), entry.index);
  } else if (entry.is(Action::approvalGiven)) {
    set(state_[Table::approval], fmt::format("{} by {}", entry.subject, entry.actor),
        {{"roles", entry.value("roles")},
         {"bound", entry.text("bound")},
         {"decision", entry.text("decision")},
         {"comment", entry.text("comment")},
         {"on_behalf_of", entry.text("on_behalf_of")}},
        entry.index);
  } else if (entry.is(Action::changeRequestCommented)) {
    set(state_[Table::comment], fmt::format("{} comment {}", entry.subject, entry.number("comment")),
        {{"by", entry.actor}, {"body", entry.text("body")}, {"place", entry.text("place")}}, entry.index);
  } else {
    amend(requests, entry.subject, "status", registry::verbOf(entry.action), entry.index);
    amend(requests, entry.subject, "closed_by", entry.actor, entry.index);
  }
}

void Replay::takeAccess(const Entry& entry) {
  bool user = entry.subject.starts_with("user/");
  Rows& rows = state_[user ? Table::user : Table::token];
  if (entry.is(Action::userCreated)) {
    set(rows, entry.subject,
        {{"grants", entry.value("grants")},
         {"credential", entry.text("credential")},
         {"link", entry.text("link")},
         {"disabled", false}},
        entry.index);
  } else if (entry.is(Action::tokenCreated)) {
    set(rows, entry.subject,
        {{"grants", entry.value("grants")},
         {"credential", entry.text("credential")},
         {"expires_at", entry.number("expires_at")},
         {"access_key", entry.text("access_key")},
         {"trust", entry.value("trust")},
         {"revoked", false}},
        entry.index);
  } else if (entry.is(Action::userPasswordSet)) {
    amend(rows, entry.subject, "credential", entry.text("credential"), entry.index);
  } else if (entry.is(Action::userLinked) || entry.is(Action::userUnlinked)) {
    amend(rows, entry.subject, "link", entry.text("link"), entry.index);
  } else if (entry.is(Action::userGrantsSet)) {
    amend(rows, entry.subject, "grants", entry.value("grants"), entry.index);
  } else if (entry.is(Action::userDeleted)) {
    amend(rows, entry.subject, "disabled", true, entry.index);
    amend(rows, entry.subject, "grants", json::array(), entry.index);
    amend(rows, entry.subject, "credential", "", entry.index);
    amend(rows, entry.subject, "link", "", entry.index);
  } else if (entry.is(Action::tokenRevoked)) {
    amend(rows, entry.subject, "revoked", true, entry.index);
  }
}

void Replay::takeRun(const Entry& entry) {
  if (entry.text("digest").empty())
    return;  // a write that was recorded without digesting a long history: the seal stays
  set(state_[Table::run], rowKey(entry.workspace, entry.subject, ""), {{"seal", entry.text("digest")}}, entry.index);
}

void Replay::takeHold(const Entry& entry) {
  if (entry.is(Action::holdPlaced)) {
    json::object fields{{"workspace", entry.workspace}, {"placed_by", entry.actor}, {"lifted_by", ""}};
    for (std::string_view name : {"kind", "name_pattern", "reason"}) fields[name] = entry.text(name);
    for (std::string_view name : {"asset", "number"}) fields[name] = entry.number(name);
    set(state_[Table::hold], entry.subject, std::move(fields), entry.index);
  } else {
    amend(state_[Table::hold], entry.subject, "lifted_by", entry.actor, entry.index);
  }
}

/// A citation of a decision implies that it is stored completely.
void Replay::citeDecision(const Entry& entry) {
  std::string digest = entry.text("decision");
  if (!digest.empty())
    state_[Table::decision].try_emplace("decision " + digest, Row{{{"digest", digest}}, entry.index});
}

}  // namespace regesta::governance
