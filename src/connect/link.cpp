#include "connect/link.h"

#include "base/name_pattern.h"
#include "db/columns.h"

namespace regesta::connect {
namespace {

constexpr std::size_t requestsAtOnce = 200;
constexpr std::int64_t settleMillis = 15'000;
constexpr std::string_view linkColumns =
    "id, connection, change_request, ticket, ticket_key, url, linked_at, shown_decision, shown_at, revision, "
    "looked_at, "
    "next_at, attempts, problem, finished";

Link read(const db::Rows& rows) {
  constexpr db::Columns at(linkColumns);
  Link link;
  link.id = rows.integer(at["id"]);
  link.connection = rows.integer(at["connection"]);
  link.changeRequest = rows.integer(at["change_request"]);
  link.ticket = {rows.text(at["ticket"]), rows.text(at["ticket_key"]), rows.text(at["url"])};
  link.linkedAt = rows.integer(at["linked_at"]);
  link.shownDecision = rows.text(at["shown_decision"]);
  link.shownAt = rows.integer(at["shown_at"]);
  link.revision = rows.text(at["revision"]);
  link.lookedAt = rows.integer(at["looked_at"]);
  link.nextAt = rows.integer(at["next_at"]);
  link.attempts = rows.integer(at["attempts"]);
  link.problem = rows.text(at["problem"]);
  link.finished = rows.integer(at["finished"]) != 0;
  return link;
}

json::object dataOf(const Connection& connection, const governance::ChangeRequest& request, const Link& link) {
  return {{"connection", connection.name},
          {"pointer", request.pointerSubject()},
          {"ticket", link.ticket.key},
          {"ticket_id", link.ticket.id}};
}

}  // namespace

std::vector<governance::ChangeRequest> unlinkedRequests(db::Transaction& transaction, const Connection& connection,
                                                        std::int64_t now) {
  std::vector<std::int64_t> ids;
  {
    db::Rows rows = transaction.query(
        "SELECT r.id, r.kind, r.name FROM change_request r LEFT JOIN change_request_link l ON l.change_request = r.id "
        "AND l.connection = $2 WHERE r.workspace = $1 AND r.status = 'open' AND l.id IS NULL AND NOT EXISTS (SELECT 1 "
        "FROM connection_mark m WHERE m.change_request = r.id AND m.connection = $3 AND m.mark = $4 AND m.at > $5) "
        "ORDER BY r.id",
        {connection.workspace, connection.id, connection.name, intentMark, now - settleMillis});
    while (rows.next() && ids.size() < requestsAtOnce)
      if (coversAny(connection.patterns, rows.view(1), rows.view(2))) ids.push_back(rows.integer(0));
  }
  std::vector<governance::ChangeRequest> found;
  found.reserve(ids.size());
  for (std::int64_t id : ids) found.push_back(governance::getChangeRequest(transaction, id));
  return found;
}

std::vector<Link> openLinks(db::Transaction& transaction, std::int64_t connection) {
  std::vector<Link> found;
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM change_request_link WHERE connection = $1 AND finished = 0 ORDER BY next_at, id",
                  linkColumns),
      {connection});
  while (rows.next()) found.push_back(read(rows));
  return found;
}

Link addLink(registry::Change& change, const Connection& connection, const governance::ChangeRequest& request,
             const Ticket& ticket) {
  Link link;
  link.connection = connection.id;
  link.changeRequest = request.id;
  link.ticket = ticket;
  link.linkedAt = change.now;
  link.id = change.transaction.insert(
      "INSERT INTO change_request_link (connection, change_request, ticket, ticket_key, url, linked_at, "
      "shown_decision, shown_at, revision, looked_at, next_at, attempts, problem, finished) "
      "VALUES ($1, $2, $3, $4, $5, $6, '', 0, '', 0, 0, 0, '', 0) RETURNING id",
      {link.connection, link.changeRequest, ticket.id, ticket.key, ticket.url, link.linkedAt});
  change.record(registry::Action::changeRequestLinked, request.key.workspace, request.subject(),
                dataOf(connection, request, link));
  return link;
}

void noteShown(registry::Change& change, const Connection& connection, const governance::ChangeRequest& request,
               Link& link, std::string_view decision, std::int64_t since) {
  link.shownDecision = decision;
  link.shownAt = since;
  change.transaction.run("UPDATE change_request_link SET shown_decision = $2, shown_at = $3 WHERE id = $1",
                         {link.id, link.shownDecision, link.shownAt});
  json::object data = dataOf(connection, request, link);
  data["decision"] = link.shownDecision;
  data["since"] = link.shownAt;
  change.record(registry::Action::changeRequestLinked, request.key.workspace, request.subject(), std::move(data));
}

void noteProgress(registry::Store& store, const Link& link) {
  store.write([&](db::Transaction& transaction) {
    transaction.run(
        "UPDATE change_request_link SET revision = $2, looked_at = $3, next_at = $4, attempts = $5, problem = $6, "
        "finished = $7 WHERE id = $1",
        {link.id, link.revision, link.lookedAt, link.nextAt, link.attempts, link.problem, link.finished});
  });
}

void lookSoon(db::Transaction& transaction, const Connection& connection, std::string_view ticket) {
  transaction.run(
      "UPDATE change_request_link SET next_at = looked_at + $2 WHERE connection = $1 AND finished = 0 AND next_at > "
      "looked_at + $2 AND (ticket = $3 OR $3 = '')",
      {connection.id, eventPause, ticket});
}

std::vector<LinkView> linksOf(db::Transaction& transaction, std::int64_t changeRequest) {
  std::vector<LinkView> found;
  db::Rows rows = transaction.query(
      "SELECT c.name, c.type, l.ticket_key, l.url, l.problem FROM change_request_link l JOIN connection c ON c.id = "
      "l.connection WHERE l.change_request = $1 ORDER BY c.name",
      {changeRequest});
  while (rows.next()) found.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4)});
  return found;
}

std::vector<Mark> marksOf(db::Transaction& transaction, std::string_view connection, std::int64_t changeRequest) {
  std::vector<Mark> found;
  db::Rows rows = transaction.query(
      "SELECT mark, note, at FROM connection_mark WHERE change_request = $1 AND connection = $2 ORDER BY at, mark",
      {changeRequest, connection});
  while (rows.next()) found.push_back({rows.text(0), rows.text(1), rows.integer(2)});
  return found;
}

void addMark(db::Transaction& transaction, std::string_view connection, std::int64_t changeRequest, const Mark& mark) {
  std::int64_t added = transaction.run(
      "INSERT INTO connection_mark (change_request, connection, mark, note, at) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT DO NOTHING",
      {changeRequest, connection, mark.name, mark.note, mark.at});
  if (added == 0) throw error(Code::exists, "'{}' has been counted already", mark.name);
}

void setMark(db::Transaction& transaction, std::string_view connection, std::int64_t changeRequest, const Mark& mark) {
  transaction.run(
      "INSERT INTO connection_mark (change_request, connection, mark, note, at) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (change_request, connection, mark) DO UPDATE SET note = excluded.note, at = excluded.at",
      {changeRequest, connection, mark.name, mark.note, mark.at});
}

}  // namespace regesta::connect
