#include "automation/notifier.h"

#include <algorithm>
#include <map>

#include "access/grants.h"
#include "automation/subscription.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/name_pattern.h"
#include "base/repeater.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "governance/approver.h"
#include "governance/change_request.h"
#include "governance/entry_access.h"
#include "jobs/lease.h"

namespace regesta::automation {
namespace {

using registry::Action;

constexpr Repeater::Pause notifierPause{2000};
constexpr std::int64_t notifierLeaseMillis = 60'000;
constexpr std::string_view notifierLease = "notifier";
constexpr std::int64_t entriesPerRead = 200;
constexpr std::int64_t longestMailPause = 3'600'000, mailAttempts = 55;  // about two days
constexpr std::int64_t keptMillis = 30LL * 24 * 3'600'000;
constexpr std::size_t mailLines = 200;

struct LedgerEntry {
  std::int64_t index = 0;
  json::object body;
};

struct DueMail {
  Subscription subscription;
  std::vector<std::int64_t> ids;
  std::vector<std::string> lines;
  std::int64_t attempts = 0;
};

/// What an entry is about: who may read it, and the kind of the asset; empty: it is about none.
struct About {
  governance::EntryScope scope;
  std::string kind;
};

About aboutOf(db::Transaction& transaction, const json::object& body) {
  About about{governance::scopeOf(transaction, body), {}};
  std::string subject = memberText(body, "subject");
  std::size_t slash = std::min(subject.find('/'), subject.size());
  about.kind = subject.substr(0, slash);
  if (about.kind == "change-request") {
    auto id = parseInteger(std::string_view(subject).substr(std::min(slash + 1, subject.size())));
    auto request = governance::findChangeRequest(transaction, id.value_or(0));
    about.kind = request ? registry::kindName(request->key.kind) : "";
  }
  if (!registry::parseKind(about.kind)) about.kind.clear();
  return about;
}

bool covers(const Subscription& subscription, const About& about) {
  if (subscription.patterns.empty()) return true;
  return !about.kind.empty() && std::ranges::any_of(about.scope.names, [&](const std::string& name) {
    return !name.empty() && coversAny(subscription.patterns, about.kind, name);
  });
}

bool asksForReview(std::string_view action) {
  for (Action one : {Action::changeRequestOpened, Action::changeRequestDecided, Action::changeRequestReminded})
    if (action == registry::nameOf(one)) return true;
  return false;
}

std::string lineOf(const json::object& body) {
  return fmt::format("{}  {} {} by {}", memberText(body, "time"), memberText(body, "action"),
                     memberText(body, "subject"), memberText(body, "actor"));
}

std::string reviewLine(const governance::Gate& gate, const governance::ChangeRequest& request) {
  return fmt::format("Change request {} waits for your approval: {} to version {}, by {}.\n{}", request.id,
                     request.pointerSubject(), request.toNumber, request.requestedBy,
                     gate.changeRequestUrl(request.id));
}

std::int64_t pauseAfterAttempt(std::int64_t attempts) {
  return std::min(longestMailPause, std::int64_t{1000} << std::min<std::int64_t>(attempts, 20));
}

}  // namespace

struct Notifier::State {
  registry::Store& store;
  governance::Gate& gate;
  http::MailServer server;
  Repeater repeater;
  std::string holder = randomHex(8);

  std::int64_t position(db::Transaction& transaction) {
    db::Rows rows = transaction.query("SELECT position FROM notification_cursor WHERE id = 1");
    if (rows.next()) return rows.integer(0);
    db::Rows newest = transaction.query("SELECT COALESCE(MAX(idx), -1) FROM ledger_entry");
    return newest.next() ? newest.integer(0) + 1 : 0;
  }

  /// The change request of the entry, if it waits for this user, who has not been notified yet.
  std::optional<std::string> review(db::Transaction& transaction, const Subscription& subscription,
                                    const access::Identity& identity, const json::object& body, std::string& about) {
    std::string action = memberText(body, "action"), subject = memberText(body, "subject");
    auto id = parseInteger(subject.substr(subject.find('/') + 1));
    auto request = id ? governance::findChangeRequest(transaction, *id) : std::nullopt;
    if (!request || request->status != governance::RequestStatus::open ||
        !governance::waitsFor(transaction, *request, identity))
      return std::nullopt;
    if (action != registry::nameOf(Action::changeRequestReminded)) {
      db::Rows told = transaction.query("SELECT 1 FROM notification WHERE subscription = $1 AND about = $2",
                                        {subscription.id, subject});
      if (told.next()) return std::nullopt;
    }
    about = subject;
    return reviewLine(gate, *request);
  }

  /// Of one entry for the subscriptions of its workspace. `people`: those that were needed before.
  void enqueue(db::Transaction& transaction, const std::vector<Subscription>& subscriptions, const LedgerEntry& entry,
               std::map<std::string, access::Identity>& people, std::int64_t now) {
    const json::object& body = entry.body;
    std::string workspace = memberText(body, "workspace"), action = memberText(body, "action");
    std::int64_t time = parseTime(memberText(body, "time")).value_or(0);
    std::optional<About> about;
    for (const Subscription& subscription : subscriptions) {
      if (subscription.workspace != workspace || time < subscription.setAt) continue;
      bool asked =
          asksForReview(action) && std::ranges::find(subscription.events, reviewEvent) != subscription.events.end();
      bool listed =
          std::ranges::any_of(subscription.events, [&](const std::string& event) { return globMatch(event, action); });
      if (!asked && !listed) continue;
      auto person = people.find(subscription.person);
      if (person == people.end())
        person = people
                     .emplace(subscription.person,
                              access::identityOf(transaction, registry::Actor::user(subscription.person).name, now))
                     .first;
      if (!about) about = aboutOf(transaction, body);
      if (!governance::mayRead(person->second, about->scope) || !covers(subscription, *about)) continue;
      std::string subject;
      std::optional<std::string> text;
      if (asked) text = review(transaction, subscription, person->second, body, subject);
      if (!text && listed) text = lineOf(body);
      if (!text) continue;
      transaction.run(
          "INSERT INTO notification (subscription, entry, about, text, due_at, attempts, problem, sent_at) VALUES ($1, "
          "$2, $3, $4, $5, 0, '', 0) ON CONFLICT (subscription, entry) DO NOTHING",
          {subscription.id, entry.index, subject, *text, subscription.dueAt(now)});
    }
  }

  /// Returns whether there may be more.
  bool collect(std::int64_t now) {
    return store.write([&](db::Transaction& transaction) {
      std::int64_t first = position(transaction), next = first;
      std::vector<LedgerEntry> entries;
      {
        db::Rows rows = transaction.query("SELECT idx, body FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT $2",
                                          {first, entriesPerRead});
        for (; rows.next(); next = rows.integer(0) + 1)
          if (json::value parsed = parseJson(rows.view(1)); parsed.is_object())
            entries.push_back({rows.integer(0), std::move(parsed.as_object())});
      }
      std::vector<Subscription> subscriptions = listSubscriptions(transaction, "", "");
      std::map<std::string, access::Identity> people;
      for (const LedgerEntry& entry : entries) enqueue(transaction, subscriptions, entry, people, now);
      transaction.run(
          "INSERT INTO notification_cursor (id, position) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET position = $1",
          {next});
      transaction.run("DELETE FROM notification WHERE sent_at <> 0 AND due_at < $1", {now - keptMillis});
      return next - first >= entriesPerRead;
    });
  }

  std::vector<DueMail> due(std::int64_t now) {
    return store.read([&](db::Transaction& transaction) {
      std::map<std::int64_t, DueMail> mails;
      std::vector<Subscription> subscriptions = listSubscriptions(transaction, "", "");
      db::Rows rows = transaction.query(
          "SELECT id, subscription, text, attempts FROM notification WHERE sent_at = 0 AND due_at <= $1 ORDER BY id",
          {now});
      while (rows.next()) {
        auto subscription = std::ranges::find(subscriptions, rows.integer(1), &Subscription::id);
        if (subscription == subscriptions.end()) continue;
        DueMail& mail = mails[subscription->id];
        if (mail.ids.size() >= mailLines) continue;
        mail.subscription = *subscription;
        mail.ids.push_back(rows.integer(0));
        mail.lines.push_back(rows.text(2));
        mail.attempts = std::max(mail.attempts, rows.integer(3));
      }
      std::vector<DueMail> list;
      for (auto& [id, mail] : mails) list.push_back(std::move(mail));
      return list;
    });
  }

  void note(const DueMail& mail, std::int64_t sentAt, std::string_view problem) {
    std::int64_t next = nowMillis() + pauseAfterAttempt(mail.attempts + 1);
    store.write([&](db::Transaction& transaction) {
      for (std::int64_t id : mail.ids)
        transaction.run(
            "UPDATE notification SET sent_at = $2, problem = $3, attempts = attempts + 1, due_at = $4 WHERE id = $1",
            {id, sentAt, shorten(problem, 500), next});
    });
  }

  void send(const DueMail& due) {
    http::Mail mail;
    mail.to = due.subscription.address;
    std::string text;
    for (const std::string& line : due.lines) text += line + "\n\n";
    mail.id = crypto::sha256Hex(fmt::format("{} {}", due.subscription.id, fmt::join(due.ids, " "))).substr(0, 32);
    mail.subject = due.lines.size() == 1 ? shorten(due.lines.front().substr(0, due.lines.front().find('\n')), 200)
                                         : fmt::format("{} notifications", due.lines.size());
    mail.text = text + fmt::format(
                           "You get this because of your subscription '{}' in workspace '{}'.\n"
                           "To end it: regesta subscription delete {}\n",
                           due.subscription.name, due.subscription.workspace, due.subscription.name);
    auto count = [](std::string_view outcome) {
      counter("regesta_mail_total", "Mail to users.", fmt::format("outcome=\"{}\"", outcome)).add();
    };
    try {
      http::sendMail(server, mail);
      note(due, nowMillis(), "");
      count("sent");
    } catch (const Error& fault) {
      bool over = fault.code == Code::refused || due.attempts + 1 >= mailAttempts;
      count(over ? "given-up" : "failed");
      log(LogLevel::warn, "a mail to a user was not sent",
          {{"subscription", due.subscription.id}, {"reason", fault.message}});
      note(due, over ? -1 : 0, fault.message);
    }
  }

  /// Looked for without the lease, which is written.
  bool hasWork(std::int64_t now) {
    return store.read([&](db::Transaction& transaction) {
      if (listSubscriptions(transaction, "", "").empty()) return false;
      db::Rows cursor = transaction.query("SELECT position FROM notification_cursor WHERE id = 1");
      if (!cursor.next()) return true;
      return transaction.query("SELECT 1 FROM ledger_entry WHERE idx >= $1 LIMIT 1", {cursor.integer(0)}).next() ||
             transaction
                 .query(
                     "SELECT 1 FROM notification n JOIN subscription s ON s.id = n.subscription WHERE n.sent_at = 0 "
                     "AND "
                     "n.due_at <= $1 AND s.confirmation = '' LIMIT 1",
                     {now})
                 .next();
    });
  }

  void round() {
    if (!server.isSet() || !hasWork(nowMillis())) return;
    jobs::RoundLease lease(store, notifierLease, holder, notifierLeaseMillis);
    do {
      if (repeater.stopping() || !lease.take()) return;
    } while (collect(nowMillis()));
    for (const DueMail& mail : due(nowMillis())) {
      if (repeater.stopping() || !lease.take()) return;
      send(mail);
    }
  }
};

Notifier::Notifier(registry::Store& store, governance::Gate& gate, http::MailServer server)
    : state_(new State{.store = store,
                       .gate = gate,
                       .server = std::move(server),
                       .repeater = {"mail to users could not be sent and will be later", notifierPause, [this] {
                                      round();
                                      return notifierPause;
                                    }}}) {}
Notifier::~Notifier() { stop(); }

void Notifier::round() { state_->round(); }
void Notifier::start() { state_->repeater.start(); }
void Notifier::stop() { state_->repeater.stop(); }
void Notifier::wake() { state_->repeater.wake(); }

}  // namespace regesta::automation
