#include "api/hf/lfs.h"

#include "api/alias_stream.h"
#include "api/hf/xet.h"
#include "api/lfs_objects.h"
#include "api/sealed.h"
#include "api/sealed_caller.h"
#include "base/text.h"

namespace regesta::api::hf {
namespace {

using access::Verb;

constexpr std::int64_t linkSeconds = 60 * 60;  // in which an upload has to begin
constexpr std::string_view purpose = "hf-upload";

std::string placeOf(const Repo& repo, std::string_view oid) {
  return fmt::format("{}/{}/{}", repo.collection(), repo.id(), oid);
}

/// The bearer of a link: acts as the user who got it, with the grants that they have now.
class LinkBearer final : public SealedCaller {
 public:
  LinkBearer(Core& core, const http::Request& request, const Repo& repo, std::string actor)
      : SealedCaller(core, request, std::move(actor), [key = repo.key](const access::Identity& identity) {
          identity.require(Verb::write, key.workspace, key.name);
        }) {}
};

LfsBatch rules(const Call& call, const Repo& repo) {
  return {.find = [&call](db::Transaction& transaction,
                          const std::string& oid) { return findUpload(call, transaction, oid); },
          .requireUpload = [&call, &repo] { call.require(Verb::write, repo.key.name); },
          .uploadQuery =
              [&call, &repo](const std::string& oid) {
                return sealGrant(call.core, purpose, {{"actor", call.actor().name}, {"place", placeOf(repo, oid)}},
                                 linkSeconds);
              },
          .xet = [&call, &repo] { return xetUpload(call, repo); }};
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
  if (queryValue(request, "grant").empty()) return repoDoor<Verb::write>(core, request);
  json::object grant = openGrant(core, purpose, request);
  Repo repo = repoOf(request);
  if (memberText(grant, "place") != placeOf(repo, request.variable("oid")))
    throw Error(Code::denied, "the link is for another object; ask for another with objects/batch");
  return std::make_shared<LinkBearer>(core, request, repo, memberText(grant, "actor"));
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
