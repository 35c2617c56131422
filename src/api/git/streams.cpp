#include <chrono>
#include <semaphore>

#include "api/endpoint.h"
#include "api/git/advertise.h"
#include "api/git/front.h"
#include "api/git/pkt_line.h"
#include "api/git/report.h"
#include "api/git/serve_fetch.h"
#include "api/streaming.h"
#include "base/file.h"
#include "base/limits.h"
#include "git/mapped_file.h"
#include "gitremote/fault.h"
#include "http/gunzip.h"
#include "registry/workspace.h"

namespace regesta::api::git {
namespace {

using http::Exchange;
using Clock = std::chrono::steady_clock;
using access::Verb;

constexpr std::size_t pieceSize = 256 * 1024;
constexpr std::chrono::milliseconds turnPause{20};
constexpr std::chrono::seconds bodyPatience{60};
constexpr std::size_t slowestBodyPerSecond = 16 * 1024;

/// Packing takes memory and a core: this many at a time, the others wait without holding a thread.
std::counting_semaphore<> packers{2};

/// Who calls, about which workspace.
struct Visit {
  std::shared_ptr<const access::Identity> identity;
  std::string workspace;
};

Visit admitTo(Core& core, const http::Request& request, Verb verb) {
  // Credentials first: an unknown caller does not learn which repositories there are.
  Visit visit{identify(core, request, request.headers.get("Authorization")), {}};
  std::string name(request.variable("repo"));
  auto workspace = gitremote::workspaceOf(name);
  if (!workspace) throw error(Code::notFound, "the repository '{}' does not exist; try prompts.git", name);
  visit.workspace = *std::move(workspace);
  // A clone contains everything, so the caller must be allowed to read everything.
  visit.identity->require(Verb::read, visit.workspace, "*");
  visit.identity->require(verb, visit.workspace);
  core.store.read([&](db::Transaction& transaction) { registry::getWorkspace(transaction, visit.workspace); });
  return visit;
}

http::Response head(std::string contentType) {
  http::Response response;
  response.contentType = std::move(contentType);
  response.headers.set("Cache-Control", "no-cache, max-age=0, must-revalidate");
  return response;
}

/// The request's body as the client meant it: unpacked where it came as gzip, and not slower than anyone can wait.
class Body {
 public:
  Body(Exchange& exchange, std::size_t unpackedLimit) : exchange_(exchange), piece_(pieceSize), began_(Clock::now()) {
    auto encoding = exchange.request().headers.get("Content-Encoding");
    if (encoding && (*encoding == "gzip" || *encoding == "x-gzip"))
      gunzip_ = std::make_unique<http::Gunzip>(unpackedLimit);
    else if (encoding && *encoding != "identity")
      throw Error(Code::unsupported, "Content-Encoding may be gzip");
  }

  /// Appends the next bytes; false at the end.
  http::asio::awaitable<bool> next(std::string& out) {
    std::size_t count = co_await exchange_.read(piece_);
    received_ += count;
    if (Clock::now() - began_ > bodyPatience + std::chrono::seconds(received_ / slowestBodyPerSecond))
      throw Error(Code::invalid, "the request body did not arrive in time");
    if (count == 0) {
      if (gunzip_) gunzip_->finish();
      co_return false;
    }
    std::string_view bytes(piece_.data(), count);
    if (gunzip_)
      gunzip_->write(bytes, out);
    else
      out += bytes;
    co_return true;
  }

 private:
  Exchange& exchange_;
  std::vector<char> piece_;
  Clock::time_point began_;
  std::size_t received_ = 0;
  std::unique_ptr<http::Gunzip> gunzip_;
};

/// GET …/info/refs?service=…
class Refs final : public http::StreamHandler {
 public:
  explicit Refs(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    Service service = serviceOf(exchange.request());
    std::string answer = co_await exchange.waiting([&] {
      Visit visit = admitTo(core_, exchange.request(), service == Service::upload ? Verb::read : Verb::write);
      gitremote::RepositoryState state = core_.git.current(visit.workspace);
      bool unborn = service == Service::upload && state.refs.empty() &&
                    offersVersion2(exchange.request().headers.get("Git-Protocol"));
      return unborn ? emptyAdvertisement(core_.version) : advertisement(service, state, core_.version);
    });
    http::Response response = head(fmt::format("application/x-{}-advertisement", serviceName(service)));
    response.body = std::move(answer);
    co_await exchange.respond(std::move(response));
  }

 private:
  static Service serviceOf(const http::Request& request) {
    for (const auto& [name, value] : http::parseQuery(request.query)) {
      if (name != "service") continue;
      for (Service service : {Service::upload, Service::receive})
        if (value == serviceName(service)) return service;
    }
    throw Error(Code::denied, "this server supports Git's smart HTTP protocol only; upgrade Git to 1.6.6 or newer");
  }
  Core& core_;
};

/// One permission to pack, returned when the answer ends for whatever reason.
class Turn {
 public:
  static http::asio::awaitable<void> take(Exchange& exchange, std::optional<Turn>& turn) {
    while (!packers.try_acquire()) {
      if (exchange.draining()) throw Error(Code::unavailable, "the server is stopping; try again");
      co_await exchange.wait(turnPause);
    }
    turn.emplace(Key());
  }
  ~Turn() { packers.release(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  struct Key {};

 public:
  explicit Turn(Key) {}
};

/// POST …/git-upload-pack
class Upload final : public http::StreamHandler {
 public:
  explicit Upload(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    Visit visit = co_await exchange.waiting([&] { return admitTo(core_, exchange.request(), Verb::read); });
    Body body(exchange, limits::gitRequest);
    std::string bytes;
    while (co_await body.next(bytes)) {
    }
    Fetch fetch;
    co_await exchange.reading([&] { negotiateInto(fetch, visit, bytes); });
    http::Response response = head("application/x-git-upload-pack-result");
    if (!fetch.result.sendsPack) {
      response.body = std::move(fetch.result.answer);
      co_return co_await exchange.respond(std::move(response));
    }
    std::optional<Turn> turn;
    co_await Turn::take(exchange, turn);
    co_await exchange.reading([&] { packInto(fetch); });
    turn.reset();
    co_await exchange.begin(std::move(response), std::nullopt);
    co_await send(exchange, fetch);
  }

 private:
  struct Fetch {
    FetchRequest request;
    std::unique_ptr<regesta::git::Objects> objects;
    Negotiation result;
    std::unique_ptr<gitremote::WorkFolder> folder;
    std::string file;
    std::size_t count = 0;
  };

  void negotiateInto(Fetch& fetch, const Visit& visit, const std::string& bytes) {
    auto read = [&](db::Transaction& transaction) { return gitremote::readRepository(transaction, visit.workspace); };
    try {
      if (isVersion2(bytes)) {
        fetch.result.answer = listEmpty(bytes, core_.store.read(read));
        return;
      }
      fetch.request = parseFetch(bytes);
      if (fetch.request.wants.empty()) return;
      gitremote::RepositoryState state = core_.store.read(read);
      fetch.objects = core_.git.open(state);
      fetch.result = negotiate(*fetch.objects, state, fetch.request);
    } catch (const Error& fault) {
      if (gitremote::isOurs(fault)) throw;
      fetch.result = {};
      appendPkt(fetch.result.answer, "ERR " + fault.message);
    }
  }

  void packInto(Fetch& fetch) {
    fetch.folder = core_.git.work();
    fetch.file = fetch.folder->path() + "/out.pack";
    file::Handle out = file::createFile(fetch.file);
    std::vector<regesta::git::Listed> listed = regesta::git::missing(*fetch.objects, fetch.result.need);
    fetch.count = listed.size();
    fetch.objects->pack(listed, [&](std::string_view piece) { file::writeAll(out, fetch.file, piece); });
  }

  static Task send(Exchange& exchange, Fetch& fetch) {
    std::string out = std::move(fetch.result.answer);
    bool banded = fetch.request.sideBand;
    if (banded && !fetch.request.noProgress) appendBand(out, 2, fmt::format("{} objects\n", fetch.count));
    regesta::git::MappedFile pack(fetch.file);
    std::string_view rest = pack.bytes();
    while (!rest.empty()) {
      std::string_view piece = rest.substr(0, pieceSize);
      rest.remove_prefix(piece.size());
      if (banded)
        appendBand(out, 1, piece);
      else
        out += piece;
      co_await exchange.write(out);
      out.clear();
    }
    if (banded) out += flushPkt;
    if (!out.empty()) co_await exchange.write(out);
    co_await exchange.finish();
  }

  Core& core_;
};

/// POST …/git-receive-pack
class Receive final : public http::StreamHandler {
 public:
  explicit Receive(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    Visit visit = co_await exchange.waiting([&] { return admitTo(core_, exchange.request(), Verb::write); });
    Body body(exchange, limits::gitPack + limits::gitRequest);
    PushHeadReader reader;
    std::string bytes;
    for (bool complete = false; !complete;) {
      bytes.clear();
      if (!co_await body.next(bytes)) throw Error(Code::invalid, "the push ends before its list of refs does");
      complete = reader.take(bytes);
    }
    std::unique_ptr<gitremote::WorkFolder> folder = co_await exchange.waiting([&] { return core_.git.work(); });
    gitremote::Push push{visit.workspace, reader.head().refs, {}};
    std::string file = folder->path() + "/in.pack";
    std::size_t size = 0;
    {
      file::Handle out = file::createFile(file);
      bytes = reader.rest();
      do {
        size += bytes.size();
        if (size > limits::gitPack) throw error(Code::tooLarge, "a push may have at most {} bytes", limits::gitPack);
        co_await exchange.waiting([&] { file::writeAll(out, file, bytes); });
        bytes.clear();
      } while (co_await body.next(bytes));
    }
    if (size > 0) push.packFile = file;
    http::Response response = head("application/x-git-receive-pack-result");
    // Before a large push, git asks with an empty one whether it would be let in.
    if (!push.refs.empty()) {
      response.body =
          co_await exchange.waiting([&] { return writeReport(reader.head(), core_.git.push(*visit.identity, push)); });
    }
    co_await exchange.respond(std::move(response));
  }

 private:
  Core& core_;
};

/// The repository's name says which workspace it is of.
std::string workspaceOfPath(const http::Request& request) {
  std::string name(request.variable("repo"));
  if (auto workspace = gitremote::workspaceOf(name)) return *std::move(workspace);
  throw error(Code::notFound, "the repository '{}' does not exist; try prompts.git", name);
}

// Pushing asks for more than this rule says: the handlers look at the service.
constexpr std::size_t list = limits::gitRequest;
const StreamRoute streams[] = {
    {"GET", "/git/{repo}.git/info/refs", "List the refs of a repository", reads("repositories"), makeStream<Refs>, 1,
     false, workspaceOfPath},
    {"POST", "/git/{repo}.git/git-upload-pack", "Fetch from a repository", reads("repositories"), makeStream<Upload>,
     list, false, workspaceOfPath},
    {"POST", "/git/{repo}.git/git-receive-pack", "Push to a repository", writes("repositories"), makeStream<Receive>,
     limits::gitPack + list, false, workspaceOfPath},
};

}  // namespace

Front front() {
  static const Dialect plain{.name = "git", .manner = {}, .renderError = renderPlainError};
  static constexpr std::string_view below[] = {"/git/"};
  return {.dialect = plain, .routes = {}, .prefixes = below, .streams = streams};
}

}  // namespace regesta::api::git
