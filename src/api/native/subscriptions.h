#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct SubscriptionAnswer {
  std::string name, address;
  std::vector<std::string> events, patterns;
  std::string every;
  bool confirmed = false;
  std::optional<std::string> setAt;
  static constexpr Field fields[] = {
      field<&SubscriptionAnswer::name>("name"),
      field<&SubscriptionAnswer::address>("address"),
      field<&SubscriptionAnswer::events>("events"),
      field<&SubscriptionAnswer::patterns>("patterns"),
      field<&SubscriptionAnswer::every>("every"),
      field<&SubscriptionAnswer::confirmed>("confirmed", about("nothing is sent to an address before")),
      field<&SubscriptionAnswer::setAt>("set_at")};
};
struct NewSubscription {
  std::string name, address;
  std::optional<std::vector<std::string>> events, patterns;
  std::string every;
  static constexpr std::string_view documentation =
      "Creates or replaces a subscription of the calling user. A new address gets a code by mail, and nothing else "
      "until the code is confirmed.";
  static constexpr Field fields[] = {
      field<&NewSubscription::name>("name", required),
      field<&NewSubscription::address>("address", required | about("e-mail address")),
      field<&NewSubscription::events>("events", about("review: a change request waits for you; names of ledger "
                                                      "actions, or patterns of these; absent: review")),
      field<&NewSubscription::patterns>("patterns", about("KIND/NAME of assets; absent: every asset")),
      field<&NewSubscription::every>("every", about("now (default), hourly or daily: one mail about all"))};
};
struct SubscriptionCode {
  std::string name, code;
  static constexpr Field fields[] = {field<&SubscriptionCode::name>("name", required),
                                     field<&SubscriptionCode::code>("code", required | about("from the mail"))};
};

Page<SubscriptionAnswer> listSubscriptions(Call& call, const PageQuery& query);
SubscriptionAnswer setSubscription(Call& call, const NewSubscription& request);
SubscriptionAnswer confirmSubscription(Call& call, const SubscriptionCode& request);
Empty deleteSubscription(Call& call, const NameOnly& path);

}  // namespace regesta::api::native
