#include "automation/subscription.h"

#include <algorithm>

#include "access/grants.h"
#include "base/error.h"
#include "base/id.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "db/columns.h"
#include "http/mail.h"
#include "registry/action.h"
#include "registry/asset.h"

namespace regesta::automation {
namespace {

constexpr std::string_view subscriptionColumns =
    "SELECT id, workspace, person, name, address, events, patterns, every, confirmation, set_at FROM subscription ";
constexpr std::int64_t codePause = 60'000, hourLength = 3'600'000;
constexpr std::size_t mostItems = 50;

std::vector<std::string> listOf(std::string_view text) {
  std::vector<std::string> list;
  for (const json::value& item : parseJson(text).as_array()) list.emplace_back(item.as_string());
  return list;
}

std::string listText(const std::vector<std::string>& list) {
  return canonicalJson(json::array(list.begin(), list.end()));
}

Subscription readSubscription(const db::Rows& rows) {
  constexpr db::Columns at(subscriptionColumns);
  Subscription one;
  one.id = rows.integer(at["id"]);
  one.workspace = rows.text(at["workspace"]);
  one.person = rows.text(at["person"]);
  one.name = rows.text(at["name"]);
  one.address = rows.text(at["address"]);
  one.events = listOf(rows.view(at["events"]));
  one.patterns = listOf(rows.view(at["patterns"]));
  one.every = rows.text(at["every"]);
  one.confirmation = rows.text(at["confirmation"]);
  one.setAt = rows.integer(at["set_at"]);
  return one;
}

void checkSubscription(const Subscription& wanted) {
  if (!access::isActorName(wanted.name))
    throw Invalid("name", "must be 1 to 100 letters, digits, '.', '_', '@' and '-'");
  if (!http::isMailAddress(wanted.address)) throw Invalid("address", "must be an e-mail address: name@host.example");
  if (wanted.events.empty() || wanted.events.size() > mostItems)
    throw Invalid("events", fmt::format("must be 1 to {}", mostItems));
  for (const std::string& event : wanted.events)
    if (event != reviewEvent) registry::requireActionPattern("events", event);
  if (wanted.patterns.size() > mostItems) throw Invalid("patterns", fmt::format("must be at most {}", mostItems));
  for (const std::string& pattern : wanted.patterns) {
    if (pattern.size() > 250 || !isUtf8(pattern) || !registry::isKindAndName(pattern))
      throw Invalid("patterns", "must be KIND/NAME, such as model/loan-* or */*");
  }
  if (std::ranges::find(frequencies, wanted.every) == std::end(frequencies))
    throw Invalid("every", "must be now, hourly or daily");
}

json::object entryData(const Subscription& subscription) {
  return {{"name", subscription.name},
          {"events", json::array(subscription.events.begin(), subscription.events.end())},
          {"patterns", json::array(subscription.patterns.begin(), subscription.patterns.end())},
          {"every", subscription.every},
          {"confirmed", subscription.isConfirmed()}};
}

/// Before the first subscription nobody reads the ledger. From here on everything is read, however late that begins.
void beginToRead(db::Transaction& transaction) {
  if (!listSubscriptions(transaction, "", "").empty()) return;
  transaction.run(
      "INSERT INTO notification_cursor (id, position) SELECT 1, COALESCE(MAX(idx), -1) + 1 FROM ledger_entry WHERE "
      "true "
      "ON CONFLICT (id) DO UPDATE SET position = excluded.position");
}

}  // namespace

std::int64_t Subscription::dueAt(std::int64_t now) const {
  std::int64_t length = every == "daily" ? 24 * hourLength : every == "hourly" ? hourLength : 1;
  return (now + length - 1) / length * length;
}

std::string setSubscription(registry::Change& change, const access::Identity& identity, Subscription& subscription) {
  if (!identity.actor.isPerson()) throw Error(Code::denied, "only users can subscribe, not tokens");
  checkSubscription(subscription);
  auto former = findSubscription(change.transaction, subscription.workspace, subscription.person, subscription.name);
  std::string code;
  subscription.confirmation = former ? former->confirmation : "";
  if (!former || former->address != subscription.address || !former->isConfirmed()) {
    if (former && !former->isConfirmed() && former->setAt > change.now - codePause)
      throw Error(Code::invalidState, "a code was sent less than a minute ago: confirm it, or wait a minute");
    code = randomHex(10);
    subscription.confirmation = crypto::sha256Hex(code);
  }
  subscription.setAt = change.now;
  if (former) {
    subscription.id = former->id;
    change.transaction.run(
        "UPDATE subscription SET address = $2, events = $3, patterns = $4, every = $5, confirmation = $6, set_at = $7 "
        "WHERE id = $1",
        {subscription.id, subscription.address, listText(subscription.events), listText(subscription.patterns),
         subscription.every, subscription.confirmation, subscription.setAt});
  } else {
    if (listSubscriptions(change.transaction, subscription.workspace, subscription.person).size() >=
        subscriptionsOfPerson)
      throw limitReached(fmt::format("user '{}'", identity.actor.shortName()), subscriptionsOfPerson,
                         fmt::format("subscriptions in workspace '{}'", subscription.workspace));
    subscription.id = change.transaction.insert(
        "INSERT INTO subscription (workspace, person, name, address, events, patterns, every, confirmation, set_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        {subscription.workspace, subscription.person, subscription.name, subscription.address,
         listText(subscription.events), listText(subscription.patterns), subscription.every, subscription.confirmation,
         subscription.setAt});
  }
  change.record(registry::Action::subscriptionSet, subscription.workspace, subscription.subject(),
                entryData(subscription));
  return code;
}

void confirmSubscription(registry::Change& change, const Subscription& subscription, std::string_view code) {
  if (subscription.isConfirmed()) return;
  if (!crypto::constantTimeEquals(crypto::sha256Hex(trim(code)), subscription.confirmation))
    throw Error(Code::denied, "this is not the code that was sent to the address");
  beginToRead(change.transaction);
  Subscription confirmed = subscription;
  confirmed.confirmation.clear();
  confirmed.setAt = change.now;
  change.transaction.run("UPDATE subscription SET confirmation = '', set_at = $2 WHERE id = $1",
                         {confirmed.id, confirmed.setAt});
  change.record(registry::Action::subscriptionSet, confirmed.workspace, confirmed.subject(), entryData(confirmed));
}

void deleteSubscription(registry::Change& change, const Subscription& subscription) {
  if (change.transaction.run("DELETE FROM subscription WHERE id = $1", {subscription.id}) == 0) return;
  change.record(registry::Action::subscriptionDeleted, subscription.workspace, subscription.subject(),
                {{"name", subscription.name}});
}

std::optional<Subscription> findSubscription(db::Transaction& transaction, std::string_view workspace,
                                             std::string_view person, std::string_view name) {
  auto rows =
      transaction.query(fmt::format("{} WHERE workspace = $1 AND person = $2 AND name = $3", subscriptionColumns),
                        {workspace, person, name});
  if (!rows.next()) return std::nullopt;
  return readSubscription(rows);
}

std::vector<Subscription> listSubscriptions(db::Transaction& transaction, std::string_view workspace,
                                            std::string_view person) {
  std::vector<Subscription> list;
  auto rows =
      person.empty()
          ? transaction.query(fmt::format("{} WHERE confirmation = '' ORDER BY id", subscriptionColumns))
          : transaction.query(fmt::format("{} WHERE workspace = $1 AND person = $2 ORDER BY name", subscriptionColumns),
                              {workspace, person});
  while (rows.next()) list.push_back(readSubscription(rows));
  return list;
}

}  // namespace regesta::automation
