#include "server/peer_notifier.h"

#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/sync.h"
#include "base/text.h"

namespace regesta::server {
namespace {

const std::string touchedChannel = "regesta_touched", ledgerChannel = "regesta_ledger";
constexpr std::size_t mostBytes = 7000;  // PostgreSQL carries less than 8000
constexpr char line = '\n', part = '\t', everything = '*';

}  // namespace

/// Shared with the listeners, which live as long as the database.
struct PeerNotifier::Link {
  Sync<std::optional<Handlers>> handlers;
  const std::string self = randomHex(8);  // a server hears itself, too

  void touched(std::string_view payload) {
    std::vector<std::string_view> lines = split(payload, line);
    if (lines.empty() || lines.front() == self) return;
    auto guard = handlers.lock();
    if (!*guard) return;
    for (std::string_view one : std::span(lines).subspan(1)) {
      std::size_t at = one.find(part);
      if (at == std::string_view::npos)
        (*guard)->everythingMayBeOld();
      else
        (*guard)->touched({std::string(one.substr(0, at)), std::string(one.substr(at + 1))});
    }
  }
  void ledgerGrew(std::string_view payload) {
    auto guard = handlers.lock();
    if (*guard && payload != self) (*guard)->ledgerGrew();
  }
};

PeerNotifier::PeerNotifier(db::Database& database, Handlers handlers)
    : database_(database), link_(std::make_shared<Link>()) {
  *link_->handlers.lock() = std::move(handlers);
  if (database.dialect() == db::Dialect::sqlite) return;
  database.listen(touchedChannel, [link = link_](const std::string& payload) { link->touched(payload); });
  database.listen(ledgerChannel, [link = link_](const std::string& payload) { link->ledgerGrew(payload); });
}

PeerNotifier::~PeerNotifier() { link_->handlers.lock()->reset(); }

void PeerNotifier::notify(const std::vector<registry::ChangedSubject>& touched) {
  if (database_.dialect() == db::Dialect::sqlite || touched.empty()) return;
  std::string payload = link_->self;
  for (const registry::ChangedSubject& touch : touched) {
    // Neither part may hold the marks: names have no control characters.
    std::string one = fmt::format("{}{}{}{}", line, touch.workspace, part, touch.subject);
    if (payload.size() + one.size() <= mostBytes) {
      payload += one;
      continue;
    }
    (payload = link_->self + line) += everything;
    break;
  }
  try {
    database_.notify(touchedChannel, payload);
  } catch (const Error& error) {
    log(LogLevel::warn, "other servers could not be notified of a change", {{"error", error.message}});
  }
}

void PeerNotifier::notifyLedgerGrew() {
  if (database_.dialect() == db::Dialect::sqlite) return;
  try {
    database_.notify(ledgerChannel, link_->self);
  } catch (const Error& error) {
    log(LogLevel::warn, "other servers could not be notified of new entries", {{"error", error.message}});
  }
}

}  // namespace regesta::server
