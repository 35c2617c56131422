#include "connect/synchronizer.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/repeater.h"
#include "base/text.h"
#include "base/time.h"
#include "connect/exchange.h"
#include "connect/incoming.h"
#include "jobs/lease.h"

namespace regesta::connect {
namespace {

using Kind = ConnectorError::Kind;

constexpr std::string_view leaseName = "connect";
constexpr std::int64_t leaseMillis = 120'000;  // longer than the requests between two extensions may take
constexpr std::int64_t firstPause = 1000, longestPause = 300'000;
constexpr Repeater::Pause shortestRound{50}, longestRound{1000};

std::string_view stateName(Kind kind) {
  switch (kind) {
    case Kind::unreachable:
      return "unreachable";
    case Kind::limited:
      return "limited";
    case Kind::unauthorized:
      return "unauthorized";
    case Kind::refused:
      break;
  }
  return "refused";
}

std::int64_t pauseAfter(std::int64_t attempts, std::int64_t wanted) {
  std::int64_t doublings = std::clamp<std::int64_t>(attempts - 1, 0, 20);
  return std::max(wanted, std::min(longestPause, firstPause << doublings));
}

void show(const Connection& connection) {
  gauge("regesta_connection_up", "1: the other program answered the newest request.",
        fmt::format("workspace=\"{}\",connection=\"{}\"", connection.workspace, connection.name))
      .set(connection.state == "connected" ? 1 : 0);
}

}  // namespace

struct Synchronizer::State {
  registry::Store& store;
  governance::Gate& gate;
  http::Egress egress;
  Repeater repeater;
  std::string holder = randomHex(8);
  std::int64_t seenEntry = -1;  ///< newest ledger entry when all tickets were compared with their requests

  Repeater::Pause round();
  void serve(jobs::RoundLease& lease, Connection& connection, std::int64_t now, bool news);
  void exchangeAll(jobs::RoundLease& lease, Connection& connection, std::int64_t now, bool news);
  void follow(Exchange& exchange, Link& link);
  std::vector<Link> dueLinks(const Connection& connection, std::int64_t now, bool news);
  bool hasWork(const Connection& connection, std::int64_t now, bool news);
};

/// `news`: the ledger has grown. A ticket that could not be written waits for its time.
std::vector<Link> Synchronizer::State::dueLinks(const Connection& connection, std::int64_t now, bool news) {
  std::vector<Link> links;
  std::set<std::int64_t> unjudged;
  store.read([&](db::Transaction& transaction) {
    links = openLinks(transaction, connection.id);
    unjudged = unjudgedLinks(transaction, connection);
  });
  std::erase_if(links, [&](const Link& link) {
    if (link.nextAt <= now) return false;
    if (link.attempts > 0) return true;
    bool called = unjudged.contains(link.id) && link.lookedAt + eventPause <= now;
    return !called && !(news && hasNews(store, connection, link));
  });
  return links;
}

/// Only connections with work need the lease and the credentials.
bool Synchronizer::State::hasWork(const Connection& connection, std::int64_t now, bool news) {
  if (connection.blockedUntil > now) return false;
  if (connection.state == "new") return true;
  bool unlinked =
      store.read([&](db::Transaction& transaction) { return !unlinkedRequests(transaction, connection, now).empty(); });
  return unlinked || !dueLinks(connection, now, news).empty();
}

void Synchronizer::State::follow(Exchange& exchange, Link& link) {
  try {
    exchange.follow(link);
    link.attempts = 0;
  } catch (const ConnectorError& failure) {
    if (failure.kind != Kind::refused) throw;
    // One ticket that cannot be written must not stop the others.
    ++link.attempts;
    link.problem = failure.message;
    link.nextAt = nowMillis() + pauseAfter(link.attempts, 0);
  }
  noteProgress(store, link);
}

void Synchronizer::State::exchangeAll(jobs::RoundLease& lease, Connection& connection, std::int64_t now, bool news) {
  Secrets secrets = openSecrets(store, connection);
  auto connector = makeConnector(connection, secrets, egress, incomingOf(store, connection, secrets));
  if (connection.state != "connected") connector->self();
  Exchange exchange(store, gate, connection, *connector);
  std::optional<ConnectorError> refused;
  for (const governance::ChangeRequest& request :
       store.read([&](db::Transaction& transaction) { return unlinkedRequests(transaction, connection, now); })) {
    if (repeater.stopping() || !lease.take()) return;
    try {
      exchange.open(request);
    } catch (const ConnectorError& failure) {
      if (failure.kind != Kind::refused) throw;
      refused = failure;
    }
  }
  for (Link& link : dueLinks(connection, now, news)) {
    if (repeater.stopping() || !lease.take()) return;
    follow(exchange, link);
  }
  if (refused) throw ConnectorError(*refused);
}

void Synchronizer::State::serve(jobs::RoundLease& lease, Connection& connection, std::int64_t now, bool news) {
  Connection before = connection;
  try {
    exchangeAll(lease, connection, now, news);
    connection.state = "connected";
    connection.problem.clear();
    connection.attempts = connection.blockedUntil = 0;
    // Not with every round: the row would be written all the time.
    if (before.state != "connected" || now - connection.connectedAt > 60'000) connection.connectedAt = nowMillis();
  } catch (const ConnectorError& failure) {
    ++connection.attempts;
    connection.state = stateName(failure.kind);
    connection.problem = failure.message;
    connection.blockedUntil = nowMillis() + pauseAfter(connection.attempts, failure.retryAfter);
  } catch (const Error& failure) {
    ++connection.attempts;
    connection.state = stateName(Kind::refused);
    connection.problem =
        failure.code == Code::internal ? "a fault of the server; its log has the reason" : failure.message;
    connection.blockedUntil = nowMillis() + pauseAfter(connection.attempts, 0);
    log(LogLevel::warn, "a connection could not be served",
        {{"workspace", connection.workspace}, {"connection", connection.name}, {"reason", failure.message}});
  }
  show(connection);
  if (connection.state != before.state || connection.problem != before.problem ||
      connection.attempts != before.attempts || connection.connectedAt != before.connectedAt)
    noteState(store, connection);
}

Repeater::Pause Synchronizer::State::round() {
  std::int64_t now = nowMillis(), newest = 0;
  std::vector<Connection> connections = store.read([&](db::Transaction& transaction) {
    db::Rows rows = transaction.query("SELECT COALESCE(MAX(id), 0) FROM ledger_entry");
    newest = rows.next() ? rows.integer(0) : 0;
    return activeConnections(transaction);
  });
  bool news = newest != seenEntry;
  bool blocked = std::ranges::any_of(connections, [&](const Connection& one) { return one.blockedUntil > now; });
  std::erase_if(connections, [&](const Connection& one) { return !hasWork(one, now, news); });
  if (!connections.empty()) {
    jobs::RoundLease lease(store, leaseName, holder, leaseMillis);
    if (!lease.take()) return longestRound;
    for (const Connection& one : connections) {
      if (repeater.stopping()) return longestRound;
      // Another server may have served it since.
      auto present = store.read(
          [&](db::Transaction& transaction) { return findConnection(transaction, one.workspace, one.name); });
      if (!present || !present->active || present->blockedUntil > now) continue;
      serve(lease, *present, now, news);
      blocked = blocked || present->blockedUntil > now;
    }
  }
  if (!blocked) seenEntry = newest;
  return connections.empty() ? longestRound : shortestRound;
}

Synchronizer::Synchronizer(registry::Store& store, governance::Gate& gate, http::Egress egress)
    : state_(new State{
          .store = store,
          .gate = gate,
          .egress = std::move(egress),
          .repeater = {"connections could not be served", longestRound, [this] { return state_->round(); }}}) {}
Synchronizer::~Synchronizer() { stop(); }

void Synchronizer::start() { state_->repeater.start(); }
void Synchronizer::stop() { state_->repeater.stop(); }
void Synchronizer::wake() { state_->repeater.wake(); }

}  // namespace regesta::connect
