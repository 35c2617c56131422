#include "incident/report.h"

#include "base/time.h"
#include "incident/markdown.h"
#include "proof/page.h"

namespace regesta::incident {
namespace {

using proof::shown;
using Cells = std::vector<std::string>;

std::vector<json::object> objects(const json::object& from, std::string_view name) {
  std::vector<json::object> list;
  if (const json::value* found = from.if_contains(name); found && found->is_array())
    for (const json::value& one : found->get_array())
      if (one.is_object()) list.push_back(one.get_object());
  return list;
}

std::string yesNo(const json::object& item, std::string_view name) {
  return shown(item, name) == "true" ? "yes" : "no";
}

std::string approvalsOf(const json::object& promotion) {
  std::string text;
  for (const json::object& approval : objects(promotion, "approvals"))
    text += fmt::format("{}{}{} ({})", text.empty() ? "" : ", ", shown(approval, "by"),
                        memberText(approval, "on_behalf_of").empty()
                            ? ""
                            : fmt::format(" on behalf of {}", shown(approval, "on_behalf_of")),
                        shown(approval, "roles"));
  return text;
}

std::string evidenceOf(const json::object& promotion) {
  std::string text;
  for (const json::object& item : objects(promotion, "evidence"))
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", shown(item, "type"), shown(item, "id"),
                        yesNo(item, "verified") == "yes" ? " (verified)" : "");
  return text;
}

/// `Document` is proof::Page or Markdown.
template <class Document>
class Writer {
 public:
  Writer(const governance::Incident& incident, const json::object& described)
      : incident_(incident),
        described_(described),
        facts_(memberObject(described, "facts")),
        document_(fmt::format("Incident {}: {}", incident.id, incident.about())) {}

  std::string write() {
    summary();
    document_.heading("How the version came into use");
    promotions(objects(facts_, "promotions"));
    service();
    used();
    related();
    document_.heading("What was done");
    std::vector<Cells> rows;
    for (const json::object& note : objects(described_, "notes"))
      rows.push_back({shown(note, "at"), shown(note, "by"), shown(note, "kind"), shown(note, "text")});
    document_.table({"At", "By", "Kind", "What"}, rows);
    mitigation();
    return document_.finish();
  }

 private:
  void summary() {
    const json::object& version = memberObject(facts_, "version");
    document_.fields(
        {{"Flawed version", incident_.about()},
         {"Digest (SHA-256)", incident_.versionDigest},
         {"Reason", incident_.reason},
         {"Status", std::string(governance::statusName(incident_.status))},
         {"Opened", fmt::format("{} by {}", formatTime(incident_.openedAt), incident_.openedBy)},
         {"Closed",
          incident_.closedAt == 0 ? "" : fmt::format("{} by {}", formatTime(incident_.closedAt), incident_.closedBy)},
         {"Conclusion", incident_.conclusion},
         {"Registered", fmt::format("{} by {}", shown(version, "registered_at"), shown(version, "registered_by"))},
         {"Training run", shown(version, "run")},
         {"Logged model", shown(version, "logged_model")},
         {"Replaced by", incident_.mitigation == 0 ? "" : shown(memberObject(described_, "mitigation"), "subject")}});
    if (shown(described_, "withheld") == "true")
      document_.paragraph("Names that the reader of this report may not read are left out.");
  }

  void promotions(const std::vector<json::object>& items) {
    if (items.empty()) document_.paragraph("No alias or stage was moved to it.");
    for (const json::object& item : items) {
      bool moved = shown(item, "moved") == "true";
      document_.subheading(fmt::format("{} on '{}'", moved ? "Promoted" : "Refused", shown(item, "pointer")));
      std::string request = shown(item, "change_request");
      document_.fields(
          {{"At", shown(item, "at")},
           {"By", shown(item, "by")},
           {"From version", shown(item, "from")},
           {"Reason", shown(item, "reason")},
           {"Decision",
            shown(item, "decision").empty() ? "none: the pointer was not protected" : shown(item, "decision")},
           {"Policies", shown(item, "policies")},
           {"Evidence that the policies saw", evidenceOf(item)},
           {"Change request", request.empty() ? "" : fmt::format("{} by {}", request, shown(item, "requested_by"))},
           {"Approved by", approvalsOf(item)}});
    }
  }

  void service() {
    document_.heading("What served it when the incident was opened");
    std::vector<Cells> rows;
    for (const json::object& item : objects(facts_, "serving"))
      rows.push_back({shown(item, "pointer"), shown(item, "since"), shown(item, "by")});
    for (const json::object& item : objects(facts_, "rollouts"))
      rows.push_back(
          {fmt::format("{} (rollout {}, {} %)", shown(item, "alias"), shown(item, "rollout"), shown(item, "share")),
           shown(item, "started_at"), shown(item, "started_by")});
    document_.table({"Alias, stage or rollout", "Since", "By"}, rows);
    rows.clear();
    for (const json::object& item : objects(described_, "serving"))
      rows.push_back({shown(item, "pointer"), shown(item, "since"), shown(item, "by")});
    if (rows.empty()) return;
    document_.subheading("What still serves it");
    document_.table({"Alias or stage", "Since", "By"}, rows);
  }

  void used() {
    document_.heading("What used it");
    std::vector<Cells> rows;
    for (auto [name, title] : {std::pair{"traces", "Traces"}, {"runs", "Runs"}, {"records", "Decision records"}}) {
      const json::object& use = memberObject(memberObject(facts_, "used"), name);
      rows.push_back({title, shown(use, "count"), shown(use, "first_at"), shown(use, "last_at")});
    }
    document_.table({"What", "How many", "First", "Last"}, rows);
  }

  void related() {
    document_.heading("Versions that may have the same flaw");
    std::vector<Cells> rows;
    for (const json::object& item : objects(facts_, "related"))
      rows.push_back({shown(item, "node"), shown(item, "relation"), shown(item, "shares")});
    document_.table({"Version", "Relation", "Shares"}, rows);
  }

  void mitigation() {
    if (incident_.mitigation == 0) return;
    const json::object& version = memberObject(described_, "mitigation");
    document_.heading(fmt::format("Mitigation: {}", shown(version, "subject")));
    document_.fields(
        {{"Digest (SHA-256)", shown(version, "digest")}, {"Registered by", shown(version, "registered_by")}});
    std::vector<Cells> rows;
    for (const json::object& item : objects(version, "evidence"))
      rows.push_back(
          {shown(item, "id"), shown(item, "type"), yesNo(item, "verified"), shown(item, "by"), shown(item, "at")});
    document_.table({"Evidence", "Type", "Verified", "By", "At"}, rows);
    promotions(objects(version, "promotions"));
  }

  const governance::Incident& incident_;
  const json::object &described_, &facts_;
  Document document_;
};

json::array namesIn(const json::object& described) {
  json::array names;
  const json::object& facts = memberObject(described, "facts");
  const json::object& version = memberObject(facts, "version");
  for (auto [member, kind] : {std::pair{"run", "run"}, {"logged_model", "logged-model"}})
    if (std::string id = shown(version, member); !id.empty()) names.emplace_back(fmt::format("{}/{}", kind, id));
  for (const json::object& item : objects(facts, "related")) {
    names.push_back(item.at("node"));
    for (const json::value& shared : item.at("shares").as_array()) names.push_back(shared);
  }
  return names;
}

}  // namespace

std::string renderReport(const governance::Incident& incident, const json::object& described, ReportForm form) {
  if (form == ReportForm::markdown) return Writer<Markdown>(incident, described).write();
  return Writer<proof::Page>(incident, described).write();
}

governance::NewEvidence reportEvidence(const governance::Incident& incident, const json::object& described) {
  json::object body{{"incident", incident.id},
                    {"names", namesIn(described)},
                    {"markdown", renderReport(incident, described, ReportForm::markdown)},
                    {"html", renderReport(incident, described, ReportForm::html)}};
  json::object summary{{"incident", incident.id},
                       {"status", governance::statusName(incident.status)},
                       {"mitigation", incident.mitigation}};
  return {.type = std::string(reportType), .verified = true, .body = std::move(body), .summary = std::move(summary)};
}

}  // namespace regesta::incident
