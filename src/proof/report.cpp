#include "proof/report.h"

#include "base/json.h"
#include "proof/card_page.h"
#include "proof/page.h"

namespace regesta::proof {
namespace {

constexpr std::size_t filesShown = 500;

class Reporting {
 public:
  explicit Reporting(const std::map<std::string, std::string>& documents)
      : documents_(documents),
        about_(object("pack.json")),
        version_(object("version.json")),
        page_("Evidence: " + shown(about_, "subject")) {}

  std::string render() {
    version();
    origin();
    evidence();
    card();
    decisions();
    requests();
    pointers();
    policies();
    holds();
    decisionRecords();
    history();
    verification();
    return page_.finish();
  }

 private:
  using Rows = std::vector<Page::Cells>;

  json::value value(const std::string& path) const {
    auto found = documents_.find(path);
    return found == documents_.end() ? json::value() : parseJson(found->second);
  }
  json::object object(const std::string& path) const {
    json::value found = value(path);
    return found.is_object() ? found.get_object() : json::object();
  }
  static std::vector<json::object> records(const json::value& found) {
    std::vector<json::object> items;
    if (found.is_array())
      for (const json::value& item : found.get_array())
        if (item.is_object()) items.push_back(item.get_object());
    return items;
  }
  std::vector<json::object> list(const std::string& path) const { return records(value(path)); }
  static json::value member(const json::object& from, std::string_view name) {
    const json::value* found = from.if_contains(name);
    return found ? *found : json::value();
  }
  static Rows pairs(const json::value& from) {
    Rows rows;
    if (from.is_object())
      for (const auto& [name, value] : from.get_object())
        rows.push_back({std::string(name), shown(from.get_object(), name)});
    return rows;
  }
  Page::Cells cells(const json::object& item, std::initializer_list<std::string_view> names) const {
    Page::Cells row;
    for (std::string_view name : names) row.push_back(shown(item, name));
    return row;
  }
  Rows rows(const std::vector<json::object>& items, std::initializer_list<std::string_view> names) const {
    Rows all;
    for (const json::object& item : items) all.push_back(cells(item, names));
    return all;
  }

  void version() {
    page_.paragraph(
        "Everything the registry knows about this version that its maker may read, with the ledger entries that prove "
        "it. This page says the same as the JSON documents beside it.");
    page_.fields({{"Version", shown(about_, "subject")},
                  {"Workspace", shown(about_, "workspace")},
                  {"SemVer", shown(version_, "semver")},
                  {"Digest (SHA-256)", shown(version_, "digest")},
                  {"Description", shown(version_, "description")},
                  {"Registered by", shown(version_, "created_by")},
                  {"Registered at", shown(version_, "created_at")},
                  {"Source", shown(version_, "source")},
                  {"Aliases", shown(version_, "aliases")},
                  {"Stage", shown(version_, "stage")},
                  {"Archived", shown(version_, "archived")},
                  {"Pack made by", shown(about_, "made_by")},
                  {"Pack made at", shown(about_, "made_at")},
                  {"Pack made with", shown(about_, "made_with")}});
    if (Rows tags = pairs(member(version_, "tags")); !tags.empty()) {
      page_.subheading("Tags");
      page_.table({"Tag", "Value"}, tags);
    }
    if (auto content = documents_.find("content.json"); content != documents_.end()) {
      page_.heading("Content");
      page_.code(content->second);
    }
    std::vector<json::object> files = records(member(version_, "files"));
    if (files.empty()) return;
    page_.heading("Files");
    Rows all;
    for (std::size_t i = 0; i < std::min(files.size(), filesShown); ++i)
      all.push_back(cells(files[i], {"path", "size", "digest"}));
    page_.table({"Path", "Bytes", "SHA-256"}, all);
    if (files.size() > filesShown)
      page_.paragraph(fmt::format("And {} more in version.json.", files.size() - filesShown));
  }

  void origin() {
    json::object run = object("run/content.json");
    if (!run.empty()) {
      page_.heading("Run");
      page_.fields({{"Run", shown(run, "run_id")},
                    {"Name", shown(run, "name")},
                    {"Experiment", shown(run, "experiment_id")},
                    {"Status", shown(run, "status")},
                    {"User", shown(run, "user_id")},
                    {"Digest when registered", shown(version_, "run_digest")}});
      page_.subheading("Parameters");
      page_.table({"Parameter", "Value"}, pairs(member(run, "params")));
      page_.subheading("Metrics");
      page_.table({"Metric", "Value, time, step"}, pairs(value("run/metrics.json")));
      page_.subheading("Environment and other tags");
      page_.table({"Tag", "Value"}, pairs(member(run, "tags")));
      page_.subheading("Datasets");
      page_.table({"Name", "Digest", "Source"}, rows(records(member(run, "inputs")), {"name", "digest", "source"}));
    }
    page_.heading("Lineage");
    page_.table({"From", "Relation", "To", "Time"}, rows(list("lineage.json"), {"from", "relation", "to", "time"}));
  }

  void evidence() {
    page_.heading("Evidence");
    std::vector<json::object> items = list("evidence.json");
    if (items.empty()) page_.paragraph("None.");
    for (const json::object& item : items) {
      bool verified = member(item, "verified") == json::value(true);
      page_.subheading(fmt::format("{} {} ({})", shown(item, "type"), shown(item, "evidence"),
                                   verified ? "verified: computed by the server" : "claimed by its sender"));
      page_.fields({{"By", shown(item, "by")},
                    {"At", shown(item, "time")},
                    {"Origin", shown(item, "origin")},
                    {"Ledger entry", shown(item, "entry")},
                    {"Digest (SHA-256)", shown(item, "digest")}});
      if (Rows summary = pairs(member(item, "summary")); !summary.empty()) page_.table({"Result", "Value"}, summary);
      if (shown(item, "file").empty()) page_.paragraph("Its body is withheld: the maker of the pack may not read it.");
    }
  }

  void decisions() {
    page_.heading("Decisions of the gate");
    std::vector<json::object> items = list("decisions.json");
    if (items.empty()) page_.paragraph("None.");
    for (const json::object& item : items) {
      json::object body = object(shown(item, "file"));
      page_.subheading(fmt::format("{}: {}", shown(item, "pointer"), shown(item, "result")));
      page_.fields({{"At", shown(item, "time")},
                    {"Decision", shown(item, "digest")},
                    {"Inputs", shown(item, "redacted") == "true" ? "partly withheld" : "in " + shown(item, "file")}});
      Rows outcome;
      json::value verdict = member(body, "verdict");
      for (std::string_view set : {"deny", "require", "warn"})
        if (verdict.is_object())
          for (const json::object& one : records(member(verdict.get_object(), set)))
            outcome.push_back({std::string(set), shown(one, "code"), shown(one, "msg")});
      page_.table({"Set", "Code", "Message"}, outcome);
      page_.table({"Policy", "Digest"}, rows(records(member(body, "evaluations")), {"policy", "policy_digest"}));
    }
  }

  void requests() {
    page_.heading("Change requests");
    std::vector<json::object> items = list("change-requests.json");
    if (items.empty()) page_.paragraph("None.");
    for (const json::object& item : items) {
      page_.subheading(
          fmt::format("Change request {}: {} ({})", shown(item, "id"), shown(item, "pointer"), shown(item, "status")));
      page_.fields({{"Move", fmt::format("from version {} to version {}", shown(item, "from"), shown(item, "to"))},
                    {"Requested by", shown(item, "requested_by")},
                    {"Opened at", shown(item, "opened_at")},
                    {"Reason", shown(item, "reason")},
                    {"Closed by", shown(item, "closed_by")},
                    {"Closed at", shown(item, "closed_at")},
                    {"Closing note", shown(item, "closed_reason")},
                    {"Decision", shown(item, "decision")}});
      page_.table(
          {"Approved by", "On behalf of", "Roles", "Comment", "At", "Entry"},
          rows(records(member(item, "approvals")), {"by", "on_behalf_of", "roles", "comment", "time", "entry"}));
      if (auto comments = records(member(item, "comments")); !comments.empty())
        page_.table({"Comment by", "Text", "At", "Entry"}, rows(comments, {"by", "body", "time", "entry"}));
    }
  }

  void pointers() {
    page_.heading("Aliases, stages and rollouts");
    page_.table({"Entry", "Time", "By", "Action", "Pointer", "From", "To", "Reason"},
                rows(list("pointers.json"), {"entry", "time", "by", "action", "pointer", "from", "to", "reason"}));
    if (auto rollouts = list("rollouts.json"); !rollouts.empty())
      page_.table({"Rollout", "Alias", "Stable", "Status", "Started by", "Started at", "Ended by", "Reason"},
                  rows(rollouts,
                       {"rollout", "alias", "stable", "status", "started_by", "started_at", "ended_by", "end_reason"}));
  }

  void policies() {
    page_.heading("Policies that decided");
    std::vector<json::object> items = list("policies.json");
    if (items.empty()) page_.paragraph("None.");
    for (const json::object& item : items) {
      page_.subheading(shown(item, "policy"));
      page_.fields({{"Digest (SHA-256)", shown(item, "digest")},
                    {"Text", shown(item, "file").empty() ? "withheld: the maker of the pack may not read it" : ""}});
      std::string file = shown(item, "file");
      if (file.ends_with(".json"))
        for (const json::object& module : records(member(object(file), "modules")))
          page_.foldedCode(shown(module, "name"), shown(module, "text"));
      else if (auto text = documents_.find(file); text != documents_.end())
        page_.foldedCode(file, text->second);
    }
  }

  void holds() {
    page_.heading("Legal holds");
    page_.table({"Hold", "Covers", "Reason", "Placed by", "Placed at"},
                rows(list("holds.json"), {"hold", "name_pattern", "reason", "placed_by", "placed_at"}));
  }

  /// The newest one.
  void card() {
    for (const json::object& item : list("evidence.json")) {
      if (shown(item, "type") != "card" || shown(item, "file").empty()) continue;
      page_.heading("Card");
      page_.paragraph(shown(item, "file") + ", by " + shown(item, "by"));
      return writeCard(page_, value(shown(item, "file")));
    }
  }

  void decisionRecords() {
    page_.heading("Decision records");
    page_.table({"Batch", "Records of this version", "Records", "Digest", "Sealed at", "Sealed by"},
                rows(list("records.json"), {"batch", "of_version", "records", "digest", "time", "by"}));
  }

  void history() {
    page_.heading("Ledger entries");
    page_.table({"Entry", "Time", "By", "Action", "Subject"},
                rows(list("history.json"), {"entry", "time", "by", "action", "subject"}));
  }

  void verification() {
    page_.heading("Verification");
    page_.paragraph(
        "Run `regesta pack verify FILE --key KEY` with the ledger's verifier key from a source that you trust. It "
        "needs "
        "no server. Each entry in ledger/ has its inclusion proof beside it, against the signed ledger/checkpoint.");
    if (Rows withheld = pairs(member(about_, "withheld")); !withheld.empty()) {
      page_.subheading("Withheld, because the maker of the pack may not read it");
      page_.table({"What", "How many"}, withheld);
    }
  }

  const std::map<std::string, std::string>& documents_;
  json::object about_, version_;
  Page page_;
};

}  // namespace

std::string renderReport(const std::map<std::string, std::string>& documents) { return Reporting(documents).render(); }

}  // namespace regesta::proof
