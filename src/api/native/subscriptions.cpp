#include "api/native/subscriptions.h"

#include <map>

#include "automation/subscription.h"
#include "base/id.h"
#include "base/sync.h"
#include "base/time.h"

namespace regesta::api::native {
namespace {

using automation::Subscription;

bool isUser(const Call& call) { return call.identity->actor.isPerson() && !call.identity->local; }

/// The user's name, as subscriptions have it.
std::string personOf(const Call& call) {
  if (!isUser(call)) throw Error(Code::denied, "only users can subscribe: create one with regesta user create");
  return call.identity->actor.shortName();
}

SubscriptionAnswer subscriptionAnswer(const Subscription& subscription) {
  return {subscription.name,  subscription.address,       subscription.events,         subscription.patterns,
          subscription.every, subscription.isConfirmed(), timeText(subscription.setAt)};
}

constexpr std::size_t codesPerHour = 10;

/// Codes go to any address: nobody may flood one with them.
void countCode(const std::string& person) {
  static Sync<std::map<std::string, std::vector<std::int64_t>>> sent;
  constexpr std::int64_t hour = 3'600'000;
  std::int64_t now = nowMillis();
  auto all = sent.lock();
  std::erase_if(*all, [&](const auto& one) { return one.second.back() < now - hour; });
  std::vector<std::int64_t>& times = (*all)[person];
  std::erase_if(times, [&](std::int64_t at) { return at < now - hour; });
  if (times.size() >= codesPerHour)
    throw error(Code::exhausted, "{} codes were sent for you within an hour; try again later", codesPerHour);
  times.push_back(now);
}

Subscription ownSubscription(db::Transaction& transaction, const Call& call, const std::string& name) {
  auto found = automation::findSubscription(transaction, call.workspace, personOf(call), name);
  if (!found) throw error(Code::notFound, "you have no subscription '{}' in workspace '{}'", name, call.workspace);
  return *std::move(found);
}

}  // namespace

Page<SubscriptionAnswer> listSubscriptions(Call& call, const PageQuery& query) {
  if (!isUser(call)) return {};  // tokens, and a server without users, have none
  auto all = call.core.store.read([&](db::Transaction& transaction) {
    return automation::listSubscriptions(transaction, call.workspace, personOf(call));
  });
  return pageOf(
      all, query.pageToken, query.pageSize, [](const Subscription& one) { return one.name; }, subscriptionAnswer);
}

SubscriptionAnswer setSubscription(Call& call, const NewSubscription& request) {
  if (!call.core.mail.isSet())
    throw Error(Code::invalidState, "this server sends no mail: its operator sets mail.url and mail.from");
  Subscription subscription;
  subscription.workspace = call.workspace;
  subscription.person = personOf(call);
  subscription.name = request.name;
  subscription.address = request.address;
  subscription.events = request.events.value_or(std::vector{std::string(automation::reviewEvent)});
  subscription.patterns = request.patterns.value_or(std::vector<std::string>());
  if (!request.every.empty()) subscription.every = request.every;
  std::string code = call.core.store.change(call.actor(), [&](registry::Change& change) {
    return automation::setSubscription(change, *call.identity, subscription);
  });
  if (!code.empty()) countCode(subscription.person);
  if (!code.empty())
    http::sendMail(call.core.mail,
                   {.id = randomHex(16),
                    .to = subscription.address,
                    .subject = "Confirm your subscription",
                    .text = fmt::format("{} asked Regesta ({}) to send notifications to this address.\n\n"
                                        "To confirm it: regesta subscription confirm {} {}\n\n"
                                        "If that was not you, ignore this mail: nothing else will be sent.\n",
                                        subscription.person, call.core.publicUrl, subscription.name, code)});
  return subscriptionAnswer(subscription);
}

SubscriptionAnswer confirmSubscription(Call& call, const SubscriptionCode& request) {
  return subscriptionAnswer(call.core.store.change(call.actor(), [&](registry::Change& change) {
    automation::confirmSubscription(change, ownSubscription(change.transaction, call, request.name), request.code);
    return ownSubscription(change.transaction, call, request.name);
  }));
}

Empty deleteSubscription(Call& call, const NameOnly& path) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    automation::deleteSubscription(change, ownSubscription(change.transaction, call, path.name));
  });
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
