#include <deque>

#include "api/alias_stream.h"
#include "api/lfs/dialect.h"
#include "api/lfs/front.h"
#include "api/lfs/locks.h"
#include "gitremote/repository.h"
#include "registry/blob_alias.h"

namespace regesta::api::lfs {
namespace {

using http::Exchange;

constexpr std::size_t jsonLimit = 1024 * 1024;
constexpr std::string_view all = "every name of the workspace";

LfsBatch rules(const Call& call) {
  return {.find = [&call](db::Transaction& transaction,
                          const std::string& oid) { return findLfsObject(call, transaction, oid); },
          .requireUpload = [&call] { call.require(access::Verb::write, "*"); },
          .uploadQuery = {}};
}
http::Response batch(const Call& call, const json::object& body) { return lfsBatch(call, body, rules(call)); }
http::Response verify(const Call& call, const json::object& body) { return lfsVerify(call, body, rules(call)); }

/// A request and an answer in JSON.
class Json final : public http::StreamHandler {
 public:
  using Answer = http::Response (*)(const Call& call, const json::object& body);
  Json(Core& core, AccessRule rule, Answer answer) : core_(core), rule_(rule), answer_(answer) {}

  Task handle(Exchange& exchange) override {
    Call call = co_await exchange.waiting([&] { return admitToAll(core_, exchange.request(), rule_, dialect()); });
    Collected collected = co_await collect(exchange);
    http::Response response = co_await exchange.waiting([&] {
      json::value body = collected.text.empty() ? json::object() : parseJson(collected.text);
      if (!body.is_object()) throw Error(Code::invalid, "the request body must be a JSON object");
      return answer_(call, body.get_object());
    });
    co_await exchange.respond(std::move(response));
  }

 private:
  Core& core_;
  AccessRule rule_;
  Answer answer_;
};

Task downloadObject(Exchange& exchange, Core& core) {
  co_await sendAlias(exchange, core, [&] {
    Call call = admitToAll(core, exchange.request(), reads(all), dialect());
    return AliasName{call.workspace, lfsAlias(exchange.request().variable("oid"))};
  });
}

Task uploadObject(Exchange& exchange, Core& core) {
  co_await receiveLfsObject(exchange, core,
                            [&] { return admitToAll(core, exchange.request(), writes(all), dialect()); });
}

template <Json::Answer answer, access::Verb verb>
std::shared_ptr<http::StreamHandler> jsonRoute(Core& core) {
  return std::make_shared<Json>(core, verb == access::Verb::write ? writes(all) : reads(all), answer);
}

std::string workspaceOfPath(const http::Request& request) {
  std::string repository(request.variable("repo"));
  if (repository.empty()) return std::string(request.variable("workspace"));
  if (auto workspace = gitremote::workspaceOf(repository)) return *std::move(workspace);
  throw error(Code::notFound, "there is no repository '{}'; try prompts.git", repository);
}

constexpr auto reading = access::Verb::read, writing = access::Verb::write;

/// The same routes below each of the two bases. Batch asks for reading; for an upload it asks for writing, too.
/// `text` joins a base with the rest of a pattern, or a summary with the name of the base, and keeps the result.
template <class Text>
std::vector<StreamRoute> routesBelow(std::string_view base, std::string_view where, Text text) {
  auto below = [&](std::string_view path) { return text(base, path); };
  auto summary = [&](std::string_view what) { return text(what, where); };
  return {
      {"POST", below("/objects/batch"), summary("Start a transfer of LFS objects"), reads(all),
       jsonRoute<batch, reading>, jsonLimit, false, workspaceOfPath},
      {"POST", below("/objects/verify"), summary("Verify an uploaded LFS object"), writes(all),
       jsonRoute<verify, writing>, jsonLimit, false, workspaceOfPath},
      {"GET", below("/objects/{oid}"), summary("Download an LFS object"), reads(all), makeStream<downloadObject>, 1,
       false, workspaceOfPath},
      {"PUT", below("/objects/{oid}"), summary("Upload an LFS object"), writes(all), makeStream<uploadObject>,
       uploadLimit, false, workspaceOfPath},
      {"GET", below("/locks"), summary("List locks"), reads(all), jsonRoute<listLocks, reading>, 1, false,
       workspaceOfPath},
      {"POST", below("/locks"), summary("Create a lock"), writes(all), jsonRoute<lock, writing>, jsonLimit, false,
       workspaceOfPath},
      {"POST", below("/locks/verify"), summary("Check locks before a push"), writes(all),
       jsonRoute<verifyLocks, writing>, jsonLimit, false, workspaceOfPath},
      {"POST", below("/locks/{id}/unlock"), summary("Remove a lock"), writes(all), jsonRoute<unlock, writing>,
       jsonLimit, false, workspaceOfPath},
  };
}

}  // namespace

Front front() {
  // Routes hold views of their patterns and summaries.
  static std::deque<std::string> texts;
  static const std::vector<StreamRoute> streams = [] {
    auto text = [](std::string_view first, std::string_view second) -> std::string_view {
      return texts.emplace_back(std::string(first) + std::string(second));
    };
    std::vector<StreamRoute> made = routesBelow("/lfs/{workspace}", "", text);
    for (const StreamRoute& route : routesBelow("/git/{repo}.git/info/lfs", " of a Git remote", text))
      made.push_back(route);
    return made;
  }();
  static constexpr std::string_view below[] = {"/lfs/"};
  return {.dialect = dialect(), .routes = {}, .prefixes = below, .streams = streams};
}

}  // namespace regesta::api::lfs
