#include <span>

#include "api/native/common.h"
#include "api/native/front.h"
#include "base/encoding.h"
#include "base/text.h"
#include "http/conditional.h"
#include "http/exchange.h"
#include "http/sse.h"
#include "ledger/log.h"
#include "registry/version.h"

namespace regesta::api::native {

namespace {

using http::Exchange;
using Task = http::asio::awaitable<void>;

constexpr std::size_t pieceSize = 256 * 1024;
constexpr std::size_t blobLimit = std::size_t{1} << 40;  // 1 TiB: what one request may bring
constexpr std::size_t feedPage = 500;
constexpr std::chrono::milliseconds feedPause{200};
constexpr std::chrono::seconds feedQuiet{15};

/// Who calls, found out on a waiting thread: a password may have to be checked.
http::asio::awaitable<void> enter(Exchange& exchange, Core& core, AccessRule access, std::optional<Call>& call) {
  std::function<void()> work = [&] { call.emplace(admit(core, exchange.request(), access, dialect())); };
  co_await exchange.waiting(std::move(work));
}

class PutBlob final : public http::StreamHandler {
 public:
  explicit PutBlob(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, writes("blobs"), call);
    std::unique_ptr<blob::Writer> writer = core_.blobs.create();
    std::vector<char> piece(pieceSize);
    while (std::size_t count = co_await exchange.read(piece)) writer->write({piece.data(), count});
    blob::Stored stored;
    std::function<void()> work = [&] { stored = writer->commit(); };
    co_await exchange.waiting(std::move(work));
    http::Response answer;
    answer.status = 201;
    answer.body = fmt::format(R"({{"digest":"{}","size":{}}})", stored.digest, stored.size);
    co_await exchange.respond(std::move(answer));
  }

 private:
  Core& core_;
};

/// What a download sends: a blob, whole or in part.
struct Download {
  std::string digest, filename;
};

Task send(Exchange& exchange, Core& core, Download download) {
  std::unique_ptr<blob::Reader> reader = core.blobs.open(download.digest);
  if (!reader) throw error(Code::notFound, "there is no blob {}", shorten(download.digest, 80));
  const http::Request& request = exchange.request();
  std::string etag = fmt::format("\"{}\"", download.digest);
  http::Validators known{etag, std::nullopt};
  http::Condition condition = http::evaluateConditions(request, known);
  if (condition == http::Condition::notModified) {
    http::Response same = http::notModified(known);
    co_return co_await exchange.respond(std::move(same));
  }
  if (condition == http::Condition::failed) throw Error(Code::conflict, "the precondition does not hold");

  std::uint64_t size = reader->size(), from = 0, length = size;
  http::Response head;
  // The bytes are a stranger's: no browser may take them for a page of this server.
  head.contentType = "application/octet-stream";
  head.headers.set("X-Content-Type-Options", "nosniff");
  head.headers.set("Content-Security-Policy", "sandbox");
  head.headers.set("ETag", etag);
  head.headers.set("Accept-Ranges", "bytes");
  head.headers.set("Cache-Control", "private, max-age=31536000, immutable");
  if (!download.filename.empty())
    head.headers.set("Content-Disposition", "attachment; filename*=UTF-8''" + download.filename);
  http::RangeChoice choice = http::chooseRange(request, size, known);
  if (choice.outcome == http::RangeOutcome::unsatisfiable) {
    http::Response refused;
    refused.status = 416;
    refused.headers.set("Content-Range", http::unsatisfiedRange(size));
    co_return co_await exchange.respond(std::move(refused));
  }
  if (choice.outcome == http::RangeOutcome::part) {
    head.status = 206;
    head.headers.set("Content-Range", http::contentRange(choice.range, size));
    from = choice.range.first;
    length = choice.range.length();
  }
  co_await exchange.begin(std::move(head), length);
  std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(pieceSize, length)));
  std::uint64_t left = request.method == "HEAD" ? 0 : length;
  while (left > 0) {
    std::span<char> into(piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left)));
    std::size_t count = reader->read(from, into);
    if (count == 0) throw error(Code::corrupt, "blob {} is shorter than it was", download.digest);
    co_await exchange.write({piece.data(), count});
    from += count;
    left -= count;
  }
  co_await exchange.finish();
}

class GetBlob final : public http::StreamHandler {
 public:
  explicit GetBlob(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, reads("blobs"), call);
    std::string digest(exchange.request().variable("digest"));
    if (!blob::isDigest(digest)) throw Invalid("digest", "must be a SHA-256 in lower-case hexadecimal");
    co_await send(exchange, core_, Download{digest, ""});
  }

 private:
  Core& core_;
};

class GetFile final : public http::StreamHandler {
 public:
  explicit GetFile(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, reads("versions"), call);
    Download download = find(*call);
    co_await send(exchange, core_, std::move(download));
  }

 private:
  Download find(const Call& call) {
    const http::Request& request = call.http;
    registry::AssetKey key = readable(call, request.variable("kind"), request.variable("name"));
    std::string selector(request.variable("selector")), path(request.variable("path"));
    return core_.store.read([&](db::Session& session) {
      registry::Version version = registry::resolveVersion(session, key, selector);
      for (const registry::VersionFile& file : registry::versionFiles(session, version))
        if (file.path == path) return Download{file.digest, percentEncode(path.substr(path.rfind('/') + 1))};
      throw error(Code::notFound, "{} has no file '{}'", version.subject(), path);
    });
  }
  Core& core_;
};

/// GET /api/v1/changes: the committed ledger as a feed, for who may read the workspaces its entries are about.
class Changes final : public http::StreamHandler {
 public:
  explicit Changes(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, reads("changes"), call);
    const http::Request& request = exchange.request();
    auto accept = request.headers.get("Accept");
    if (accept && accept->find("text/event-stream") != std::string_view::npos)
      co_await events(exchange, *call, startOf(request));
    else
      co_await longPoll(exchange, *call, startOf(request));
  }

 private:
  struct Item {
    std::int64_t index = 0;
    std::string action, body;
  };
  struct Batch {
    std::vector<Item> items;
    std::int64_t next = 0;  // the index to go on with
  };

  static std::optional<std::int64_t> queryNumber(const http::Request& request, std::string_view wanted) {
    for (const auto& [name, value] : http::parseQuery(request.query)) {
      if (name != wanted) continue;
      auto number = parseInteger(value);
      if (!number || *number < -1) throw Invalid(std::string(wanted), "must be a whole number");
      return number;
    }
    return std::nullopt;
  }

  /// Behind ?after=, or behind Last-Event-ID when a browser comes back, or from now on.
  std::int64_t startOf(const http::Request& request) {
    if (auto last = request.headers.get("Last-Event-ID"))
      if (auto index = parseInteger(*last); index && *index >= 0) return *index + 1;
    auto after = queryNumber(request, "after");
    return after ? *after + 1 : core_.log.size();
  }

  Batch read(const Call& call, std::int64_t from) {
    return core_.store.read([&](db::Session& session) {
      Batch batch{{}, from};
      auto rows =
          session.query("SELECT idx, body FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT $2", {from, feedPage});
      while (rows.next()) {
        batch.next = rows.integer(0) + 1;
        json::value body = parseJson(rows.view(1));
        const json::value* workspace = body.as_object().if_contains("workspace");
        const json::value* action = body.as_object().if_contains("action");
        std::string where = workspace && workspace->is_string() ? std::string(workspace->as_string()) : "";
        // What belongs to no workspace (users, tokens) is for administrators of everything.
        bool shown = where.empty() ? call.identity->may(governance::Verb::administer, "*", "*")
                                   : call.identity->may(governance::Verb::read, where);
        if (shown)
          batch.items.push_back(
              {rows.integer(0), action && action->is_string() ? std::string(action->as_string()) : "", rows.text(1)});
      }
      return batch;
    });
  }

  Task events(Exchange& exchange, const Call& call, std::int64_t from) {
    http::Response head = http::serverSentHead();
    co_await exchange.begin(std::move(head), std::nullopt);
    auto lastSent = std::chrono::steady_clock::now();
    std::string hello(http::serverSentHeartbeat());
    co_await exchange.write(hello);
    while (!exchange.draining()) {
      std::string out;
      if (core_.log.size() > from) {
        Batch batch = read(call, from);
        from = batch.next;
        for (const Item& item : batch.items)
          out += http::serverSentEvent(item.body, std::to_string(item.index), item.action);
      }
      if (out.empty() && std::chrono::steady_clock::now() - lastSent > feedQuiet) out = http::serverSentHeartbeat();
      if (out.empty()) {
        co_await exchange.wait(feedPause);
        continue;
      }
      co_await exchange.write(out);
      lastSent = std::chrono::steady_clock::now();
    }
    co_await exchange.finish();
  }

  Task longPoll(Exchange& exchange, const Call& call, std::int64_t from) {
    std::int64_t seconds = std::clamp<std::int64_t>(queryNumber(exchange.request(), "wait").value_or(0), 0, 60);
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    Batch batch = read(call, from);
    while (batch.items.empty() && std::chrono::steady_clock::now() < until && !exchange.draining()) {
      co_await exchange.wait(feedPause);
      if (core_.log.size() > batch.next) batch = read(call, batch.next);
    }
    http::Response answer;
    JsonWriter writer(answer.body);
    writer.object().key("items").array();
    for (const Item& item : batch.items)
      writer.object().key("index").number(item.index).key("body").raw(item.body).end();
    writer.end().key("next").number(batch.next - 1).end();
    co_await exchange.respond(std::move(answer));
  }

  Core& core_;
};

http::Action streaming(std::shared_ptr<http::StreamHandler> handler, std::size_t bodyLimit) {
  http::Action action;
  action.stream = std::move(handler);
  action.bodyLimit = bodyLimit;
  return action;
}

}  // namespace

void mountStreams(http::Router& router, Core& core) {
  constexpr std::size_t noBody = 1;
  router.add("PUT", "/api/v1/blobs", streaming(std::make_shared<PutBlob>(core), blobLimit));
  router.add("GET", "/api/v1/blobs/{digest}", streaming(std::make_shared<GetBlob>(core), noBody));
  router.add("GET", "/api/v1/assets/{kind}/{name}/versions/{selector}/files/{path...}",
             streaming(std::make_shared<GetFile>(core), noBody));
  router.add("GET", "/api/v1/changes", streaming(std::make_shared<Changes>(core), noBody));
}

}  // namespace regesta::api::native
