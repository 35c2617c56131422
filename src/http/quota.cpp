#include "http/quota.h"

#include "base/error.h"

namespace regesta::http {

void Quota::take(Share& share, std::string_view account, std::size_t amount) {
  if (!share.quota_) share.account_ = account;
  auto held = held_.lock();
  if (all_ > 0 && held->all + amount > all_)
    throw error(Code::exhausted, "the server has too many {} at once (limit {}); try again later", what_, all_);
  if (!share.account_.empty()) {
    std::size_t& mine = held->by[share.account_];
    if (each_ > 0 && mine + amount > each_ && mine > share.amount_) {
      if (mine == 0) held->by.erase(share.account_);
      throw error(Code::exhausted, "'{}' has too many {} at once (limit {}); end some and try again", share.account_,
                  what_, each_);
    }
    mine += amount;
  }
  held->all += amount;
  share.amount_ += amount;
  share.quota_ = this;
}

void Quota::giveBack(const std::string& account, std::size_t amount) {
  auto held = held_.lock();
  held->all -= amount;
  if (account.empty()) return;
  auto mine = held->by.find(account);
  if ((mine->second -= amount) == 0) held->by.erase(mine);
}

}  // namespace regesta::http
