#include <ranges>

#include "base/time.h"
#include "crypto/hash.h"
#include "governance/replay.h"
#include "proof/statements.h"
#include "registry/action.h"

namespace regesta::proof {
namespace {

using governance::Row;
using governance::Rows;
using governance::State;
using governance::Table;

std::string digest(std::string_view text) { return crypto::sha256Hex(text); }
std::string digestOrEmpty(std::string_view text) { return text.empty() ? "" : digest(text); }
json::value digestOrNull(const json::value& value) {
  return value.is_null() ? json::value() : json::value(digest(canonicalJson(value)));
}

json::object pick(const json::object& from, std::initializer_list<std::string_view> names) {
  json::object fields;
  for (std::string_view name : names) fields[name] = memberOf(from, name);
  return fields;
}

std::int64_t evidenceOf(const json::object& entry) {
  const json::value& data = memberOf(entry, "data");
  bool added = memberText(entry, "action") == registry::nameOf(registry::Action::evidenceAdded);
  return added && data.is_object() ? memberInteger(data.get_object(), "evidence") : 0;
}

/// What the version of the present subject was called when each piece of evidence was added, by the piece's id: the
/// ledger names a version as it was called at that moment.
std::map<std::int64_t, std::string> subjectsOfEvidence(const Documents& documents, std::string asset,
                                                       std::int64_t number) {
  std::map<std::int64_t, std::string> subjects;
  for (const auto& [index, entry] : std::views::reverse(documents.entries)) {
    if (std::int64_t evidence = evidenceOf(entry)) subjects[evidence] = fmt::format("{}@{}", asset, number);
    if (memberText(entry, "action") != registry::nameOf(registry::Action::assetRenamed) ||
        memberText(entry, "subject") != asset)
      continue;
    const json::value& data = memberOf(entry, "data");
    if (data.is_object()) asset = asset.substr(0, asset.find('/') + 1) + memberText(data.get_object(), "from");
  }
  return subjects;
}

/// The rows that the documents state, in the form of the replayed ones: governance/read_state.cpp does the same for
/// the database.
class Stated {
 public:
  explicit Stated(const Documents& documents) : documents_(documents) {
    const json::value& about = documentOf(documents, "version.json");
    if (about.is_object()) takeVersion(about.get_object());
    subjects_ = subjectsOfEvidence(documents, asset, number);
    for (const json::object* item : itemsOf(documents, "evidence.json")) takeEvidence(*item);
    for (const json::object* item : itemsOf(documents, "change-requests.json")) takeRequest(*item);
    for (const json::object* item : itemsOf(documents, "rollouts.json")) takeRollout(*item);
    for (const json::object* item : itemsOf(documents, "holds.json")) takeHold(*item);
    for (const json::object* item : itemsOf(documents, "decisions.json"))
      state[Table::decision]["decision " + memberText(*item, "digest")] = {pick(*item, {"digest"}), -1};
    const json::value& seal = documentOf(documents, "run/seal.json");
    if (seal.is_object() && !memberText(seal.get_object(), "sealed").empty()) takeRun(seal.get_object());
  }

  State state;
  std::string workspace, asset, version;  ///< row key of the version
  std::int64_t number = 0;
  std::string run;  ///< row key

 private:
  void takeVersion(const json::object& item) {
    workspace = memberText(item, "workspace");
    number = memberInteger(item, "version");
    asset = fmt::format("{}/{}", memberText(item, "kind"), memberText(item, "name"));
    version = governance::rowKey(workspace, asset, fmt::format("@{}", number));
    json::object fields = pick(item, {"digest", "semver", "source", "run", "run_digest", "archived"});
    fields["author"] = memberOf(item, "created_by");
    fields["deleted"] = false;
    state[Table::version][version] = {std::move(fields), -1};
    state[Table::stage][version] = {pick(item, {"stage"}), -1};
    if (const json::value& tags = memberOf(item, "tags"); tags.is_object())
      for (const auto& tag : tags.get_object())
        state[Table::tag][fmt::format("{} {}", version, std::string_view(tag.key()))] = {
            {{"value", tag.value().is_string() ? digest(tag.value().get_string()) : ""}}, -1};
    if (const json::value& aliases = memberOf(item, "aliases"); aliases.is_array())
      for (const json::value& alias : aliases.get_array())
        if (alias.is_string())
          state[Table::alias]
               [governance::rowKey(workspace, asset, fmt::format("#{}", std::string_view(alias.get_string())))] = {
                   {{"version", number}}, -1};
  }

  void takeEvidence(const json::object& item) {
    json::object fields = pick(item, {"type", "verified", "origin", "job", "digest", "version_digest", "by"});
    std::int64_t id = memberInteger(item, "evidence");
    fields["about"] = governance::rowName(governance::rowKey(workspace, subjects_[id], ""));
    if (const json::value& summary = memberOf(item, "summary"); !summary.is_null())
      fields["summary"] = digest(canonicalJson(summary));
    state[Table::evidence][fmt::format("evidence/{}", id)] = {std::move(fields), -1};
  }

  void takeRequest(const json::object& item) {
    std::string subject = fmt::format("change-request/{}", memberInteger(item, "id"));
    json::object fields = pick(item, {"status", "requested_by", "closed_by", "pointer", "action", "from", "from_digest",
                                      "to", "to_digest", "decision", "asset"});
    fields["not_before"] = parseTime(memberText(item, "not_before")).value_or(0);  // older packs do not have it
    fields["change_set"] = memberText(item, "change_set");                         // likewise
    fields["reason"] = digest(memberText(item, "reason"));
    fields["plan"] = digestOrNull(memberOf(item, "plan"));
    state[Table::changeRequest][subject] = {std::move(fields), -1};
    auto rowsOf = [&](std::string_view name, auto take) {
      const json::value& list = memberOf(item, name);
      if (list.is_array())
        for (const json::value& row : list.get_array())
          if (row.is_object()) take(row.get_object());
    };
    rowsOf("approvals", [&](const json::object& approval) {
      json::object row = pick(approval, {"roles", "bound", "decision"});
      row["comment"] = digest(memberText(approval, "comment"));
      row["on_behalf_of"] = memberText(approval, "on_behalf_of");
      state[Table::approval][fmt::format("{} by {}", subject, memberText(approval, "by"))] = {std::move(row), -1};
    });
    rowsOf("comments", [&](const json::object& comment) {
      json::object row = pick(comment, {"by", "place"});
      row["body"] = digest(memberText(comment, "body"));
      state[Table::comment][fmt::format("{} comment {}", subject, memberInteger(comment, "comment"))] = {std::move(row),
                                                                                                         -1};
    });
  }

  void takeRollout(const json::object& item) {
    json::object fields =
        pick(item, {"stable", "salt", "decision", "started_by", "ended_by", "status", "step", "forced"});
    fields["plan"] = digestOrNull(memberOf(item, "plan"));
    fields["evidence"] = digestOrEmpty(memberText(item, "evidence"));
    state[Table::rollout][governance::rowKey(
        workspace, asset, fmt::format("#{} rollout {}", memberText(item, "alias"), memberInteger(item, "rollout")))] = {
        std::move(fields), -1};
  }

  void takeHold(const json::object& item) {
    state[Table::hold][fmt::format("hold/{}", memberInteger(item, "hold"))] = {
        pick(item, {"workspace", "kind", "name_pattern", "asset", "number", "reason", "placed_by", "lifted_by"}), -1};
  }

  /// A run that was changed through the server after its seal has another content, and no newer digest.
  void takeRun(const json::object& seal) {
    auto content = documents_.digests.find("run/content.json");
    bool changed = memberOf(seal, "changed_after_seal") == json::value(true);
    run = governance::rowKey(workspace, "run/" + memberText(seal, "run"), "");
    state[Table::run][run] = {
        {{"seal", changed || content == documents_.digests.end() ? memberText(seal, "sealed") : content->second}}, -1};
  }

  const Documents& documents_;
  std::map<std::int64_t, std::string> subjects_;  ///< of evidence, by id
};

template <class Keep>
void keepOnly(Rows& rows, Keep keep) {
  std::erase_if(rows, [&](const auto& row) { return !keep(row.first, row.second); });
}

/// What of the replayed rows a pack states: those of the version.
void restrict(State& proven, const Stated& stated) {
  keepOnly(proven[Table::version], [&](const std::string& key, const Row&) { return key == stated.version; });
  keepOnly(proven[Table::stage], [&](const std::string& key, const Row&) { return key == stated.version; });
  keepOnly(proven[Table::tag],
           [&](const std::string& key, const Row&) { return key.starts_with(stated.version + " "); });
  keepOnly(proven[Table::alias],
           [&](const std::string&, const Row& row) { return row.fields.at("version") == json::value(stated.number); });
  for (auto& [key, row] : proven[Table::alias]) row.fields.erase("moved_by");  // the history says it
  for (auto& [key, row] : proven[Table::evidence])
    if (auto other = stated.state[Table::evidence].find(key);
        other != stated.state[Table::evidence].end() && !other->second.fields.contains("summary"))
      row.fields.erase("summary");  // withheld
  keepOnly(proven[Table::run], [&](const std::string& key, const Row&) { return key == stated.run; });
}

constexpr std::pair<Table, std::string_view> statedIn[] = {
    {Table::version, "version.json"},
    {Table::stage, "version.json"},
    {Table::tag, "version.json"},
    {Table::alias, "version.json"},
    {Table::evidence, "evidence.json"},
    {Table::changeRequest, "change-requests.json"},
    {Table::approval, "change-requests.json"},
    {Table::comment, "change-requests.json"},
    {Table::decision, "decisions.json"},
    {Table::rollout, "rollouts.json"},
    {Table::hold, "holds.json"},
    {Table::run, "run/content.json"},
};

/// Whether the last entry about the run is a write that was recorded without a digest of the content.
bool hasUndigestedWrite(const Documents& documents) {
  const json::object* last = nullptr;
  for (const auto& [index, body] : documents.entries)
    if (memberText(body, "subject").starts_with("run/")) last = &body;
  const json::value& data = last ? memberOf(*last, "data") : documentOf(documents, "");
  return data.is_object() && memberText(data.get_object(), "digest").empty();
}

}  // namespace

void checkState(const Documents& documents, const Report& report) {
  Stated stated(documents);
  governance::Replay replay;
  for (const auto& [index, body] : documents.entries) replay.take(index, body);
  State proven = replay.state();
  restrict(proven, stated);
  for (const auto& [table, member] : statedIn) {
    State ledger, pack;
    ledger[table] = std::move(proven[table]);
    pack[table] = std::move(stated.state[table]);
    governance::Comparison found = governance::compareStates(ledger, pack, 20, "the pack");
    for (governance::Difference& difference : found.differences) report(member, std::move(difference.what));
  }
  const json::value& seal = documentOf(documents, "run/seal.json");
  if (seal.is_object() && memberOf(seal.get_object(), "changed_after_seal") == json::value(true) &&
      !hasUndigestedWrite(documents))
    report("run/seal.json", "says that the run changed after its seal, no entry does");
}

}  // namespace regesta::proof
