#include "api/native/incidents.h"

#include "api/tracking_scope.h"
#include "incident/incident.h"
#include "incident/report.h"

namespace regesta::api::native {
namespace {

using governance::Incident;
using governance::IncidentStatus;

IncidentItem itemOf(const Incident& incident) {
  IncidentItem item;
  item.id = incident.id;
  item.version = incident.about();
  item.digest = incident.versionDigest;
  item.status = governance::statusName(incident.status);
  item.reason = incident.reason;
  item.openedAt = timeText(incident.openedAt);
  item.openedBy = incident.openedBy;
  item.closedAt = timeText(incident.closedAt);
  item.closedBy = optionalText(incident.closedBy);
  item.conclusion = optionalText(incident.conclusion);
  if (incident.mitigation != 0) item.mitigation = fmt::format("{}@{}", incident.key.subject(), incident.mitigation);
  if (incident.report != 0) item.report = incident.report;
  return item;
}

Incident visible(const Call& call, db::Transaction& transaction, std::int64_t id) {
  return native::visible(call, governance::findIncident(transaction, call.workspace, id), "incident", id);
}

Incident visible(Call& call, std::int64_t id) {
  return call.core.store.read([&](db::Transaction& transaction) { return visible(call, transaction, id); });
}

bool mayClose(const Call& call, db::Transaction& transaction, const Incident& incident) {
  if (incident.status != IncidentStatus::open) return false;
  try {
    governance::requireMayClose(transaction, *call.identity, incident);
    return true;
  } catch (const Error& fault) {
    if (fault.code != Code::denied) throw;
    return false;
  }
}

IncidentAnswer answerOf(Call& call, std::int64_t id) {
  return call.core.store.read([&](db::Transaction& transaction) {
    Incident incident = visible(call, transaction, id);
    json::object described = incident::describe(transaction, scopeOf(call, transaction), incident);
    IncidentAnswer answer;
    answer.incident = itemOf(incident);
    for (auto [target, name] : {std::pair{&answer.facts, "facts"},
                                {&answer.serving, "serving"},
                                {&answer.mitigation, "mitigation"},
                                {&answer.notes, "notes"}})
      if (const json::value* found = described.if_contains(name)) target->text = writeJson(*found);
    answer.withheld = described.at("withheld").as_bool();
    answer.mayClose = mayClose(call, transaction, incident);
    return answer;
  });
}

}  // namespace

Page<IncidentItem> listIncidents(Call& call, const IncidentQuery& query) {
  std::optional<IncidentStatus> status;
  if (!query.status.empty()) {
    status = governance::parseIncidentStatus(query.status);
    if (!status) throw Invalid("status", "must be open, resolved or dismissed");
  }
  std::optional<registry::AssetKey> key;
  if (!query.name.empty()) key = readable(call, query.kind, query.name);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Transaction& transaction) {
    std::int64_t asset = key ? registry::getAsset(transaction, *key).id : 0;
    return visiblePage(
        before, query.pageSize,
        [&](std::int64_t below, std::size_t limit) {
          return governance::listIncidents(transaction, call.workspace, status, asset, below, limit);
        },
        [&](const Incident& incident) { return governance::maySee(*call.identity, incident); }, itemOf);
  });
}

IncidentAnswer openIncident(Call& call, const NewIncident& request) {
  incident::Opening opening{.key = readable(call, request.kind, request.name),
                            .selector = selectorOf(request.version, "version"),
                            .reason = request.reason,
                            .rollback = request.rollback.value_or(true),
                            .policy = request.requirePolicy};
  if (!request.policySelector.empty()) opening.policySelector = request.policySelector;
  Incident opened = incident::open(call.core.store, call.core.gate, *call.identity, opening);
  call.status = 201;
  return answerOf(call, opened.id);
}

IncidentAnswer getIncident(Call& call, const NumberOnly& path) { return answerOf(call, path.id); }

IncidentAnswer addIncidentNote(Call& call, const NewIncidentNote& request) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    Incident incident = visible(call, change.transaction, request.id);
    governance::requireInvestigator(*call.identity, incident.key);
    governance::addNote(change, incident, "note", request.text);
  });
  call.status = 201;
  return answerOf(call, request.id);
}

IncidentAnswer setMitigation(Call& call, const Mitigation& request) {
  std::string selector = selectorOf(request.version, "version");
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    Incident incident = visible(call, change.transaction, request.id);
    governance::requireInvestigator(*call.identity, incident.key);
    governance::setMitigation(change, incident, registry::resolveVersion(change.transaction, incident.key, selector));
  });
  return answerOf(call, request.id);
}

IncidentAnswer rollBackIncident(Call& call, const NumberOnly& path) {
  incident::rollBack(call.core.store, call.core.gate, *call.identity, visible(call, path.id));
  return answerOf(call, path.id);
}

IncidentAnswer closeIncident(Call& call, const IncidentClosing& request) {
  auto status = governance::parseIncidentStatus(request.status);
  if (!status || *status == IncidentStatus::open) throw Invalid("status", "must be resolved or dismissed");
  incident::close(call.core.store, *call.identity, visible(call, request.id), *status, request.conclusion,
                  request.report);
  return answerOf(call, request.id);
}

Plain incidentReport(Call& call, const IncidentReportQuery& query) {
  if (!query.format.empty() && query.format != "markdown" && query.format != "html")
    throw Invalid("format", "must be markdown or html");
  bool html = query.format == "html";
  Plain response;
  response.contentType = html ? "text/html; charset=utf-8" : "text/markdown; charset=utf-8";
  response.headers.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  call.core.store.read([&](db::Transaction& transaction) {
    Incident incident = visible(call, transaction, query.id);
    json::object described = incident::describe(transaction, scopeOf(call, transaction), incident);
    response.body =
        incident::renderReport(incident, described, html ? incident::ReportForm::html : incident::ReportForm::markdown);
  });
  return response;
}

}  // namespace regesta::api::native
