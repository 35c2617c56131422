#include "api/hf/lfs.h"

#include "access/grants.h"
#include "api/alias_stream.h"
#include "api/lfs_objects.h"
#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/password.h"
#include "http/caller.h"

namespace regesta::api::hf {
namespace {

using access::Verb;

constexpr std::int64_t linkSeconds = 60 * 60;  // in which an upload has to begin

/// What makes a link valid: nobody else knows it.
std::string wordFor(const Core& core, const Repo& repo, std::string_view oid, std::string_view actor,
                    std::int64_t until) {
  return core.access.capability(
      fmt::format("hf-upload/{}/{}/{}/{}/{}", repo.collection(), repo.id(), oid, until, actor));
}

/// The bearer of a link: acts as the user who got it, with the grants that they have now.
class LinkBearer final : public http::Caller {
 public:
  LinkBearer(Core& core, Repo repo, std::string actor) : core_(core), repo_(std::move(repo)), actor_(std::move(actor)) {
    changes_ = core_.access.changes();
    identity_ = present();
  }
  std::string_view account() const override { return identity_->local ? std::string_view() : actor_; }
  bool current() override { return core_.access.changes() == changes_; }
  bool holds() override {
    try {
      changes_ = core_.access.changes();
      identity_ = present();
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }
  const std::shared_ptr<const access::Identity>& identity() const { return identity_; }

 private:
  /// Throws Error{denied} when the actor may no longer write to the repository.
  std::shared_ptr<const access::Identity> present() {
    auto identity = std::make_shared<access::Identity>(core_.store.read(
        [&](db::Transaction& transaction) { return access::identityOf(transaction, actor_, nowMillis()); }));
    identity->require(Verb::write, repo_.key.workspace, repo_.key.name);
    return identity;
  }
  Core& core_;
  Repo repo_;
  std::string actor_;
  std::uint64_t changes_ = 0;
  std::shared_ptr<const access::Identity> identity_;
};

LfsBatch rules(const Call& call, const Repo& repo) {
  return {.find = [&call](db::Transaction& transaction,
                          const std::string& oid) { return findUpload(call, transaction, oid); },
          .requireUpload = [&call, &repo] { call.require(Verb::write, repo.key.name); },
          .uploadQuery =
              [&call, &repo](const std::string& oid) {
                const std::string& actor = call.actor().name;
                std::int64_t until = nowMillis() / 1000 + linkSeconds;
                return fmt::format("as={}&until={}&word={}", percentEncode(actor), until,
                                   wordFor(call.core, repo, oid, actor, until));
              }};
}

}  // namespace

http::Response lfsBatchOfRepo(Call& call, const Repo& repo, const json::value& body) {
  call.core.store.read([&](db::Transaction& transaction) { getRepo(transaction, repo); });
  return lfsBatch(call, objectOf(body), rules(call, repo));
}

http::Response lfsVerifyOfRepo(Call& call, const Repo& repo, const json::value& body) {
  return lfsVerify(call, objectOf(body), rules(call, repo));
}

std::shared_ptr<http::Caller> uploadDoor(Core& core, const http::Request& request) {
  std::string word = queryValue(request, "word");
  if (word.empty()) return repoDoor<Verb::write>(core, request);
  Repo repo = repoOf(request);
  std::string actor = queryValue(request, "as");
  std::int64_t until = parseInteger(queryValue(request, "until")).value_or(0);
  if (!crypto::constantTimeEquals(word, wordFor(core, repo, request.variable("oid"), actor, until)))
    throw Error(Code::denied, "the link is not one of this server; ask for another with objects/batch");
  if (until * 1000 < nowMillis()) throw Error(Code::denied, "the link has expired; ask for another with objects/batch");
  request.account.actor = actor;
  return std::make_shared<LinkBearer>(core, std::move(repo), std::move(actor));
}

Task uploadLfsOfRepo(http::Exchange& exchange, Core& core) {
  co_await receiveLfsObject(exchange, core, [&]() -> Call {
    const http::Request& request = exchange.request();
    if (auto bearer = std::dynamic_pointer_cast<LinkBearer>(request.caller)) {
      if (!bearer->current() && !bearer->holds()) throw Error(Code::denied, "the link is no longer valid");
      return {core, request, bearer->identity(), repoOf(request).key.workspace};
    }
    return enterRepo(core, request, Verb::write);
  });
}

Task downloadLfsOfRepo(http::Exchange& exchange, Core& core) {
  co_await sendAlias(exchange, core, [&] {
    Call call = enterRepo(core, exchange.request(), Verb::read);
    std::string oid(exchange.request().variable("oid"));
    bool known =
        core.store.read([&](db::Transaction& transaction) { return findUpload(call, transaction, oid).has_value(); });
    if (!known) throw error(Code::notFound, "workspace '{}' has no object {}", call.workspace, shorten(oid, 80));
    return AliasName{call.workspace, lfsAlias(oid)};
  });
}

}  // namespace regesta::api::hf
