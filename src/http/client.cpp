#include "http/client.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <mutex>
#include <new>

#include "base/error.h"
#include "base/redact.h"
#include "base/text.h"
#include "http/egress.h"

namespace regesta::http {
namespace {

constexpr long connectSeconds = 10;
constexpr long slowestBytesPerSecond = 1;
constexpr long redirectsAtMost = 5;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

/// One transfer. What goes wrong inside a callback is kept here: nothing may be thrown through libcurl.
struct Transfer {
  const ClientRequest& request;
  CURL* handle;
  Response response;
  std::size_t sent = 0;
  bool tooLarge = false;
  bool stopped = false;
  bool forbidden = false;
  std::exception_ptr thrown;

  long status() const {
    long value = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &value);
    return value;
  }
  bool succeeded() const { return status() / 100 == 2; }
};

template <class Function>
std::size_t guarded(Transfer& transfer, std::size_t failed, Function function) {
  try {
    return function();
  } catch (...) {
    transfer.thrown = std::current_exception();
    return failed;
  }
}

std::size_t onBody(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return guarded(transfer, 0, [&]() -> std::size_t {
    if (transfer.request.sink && transfer.succeeded()) {
      transfer.stopped = !transfer.request.sink({bytes, size});
      return transfer.stopped ? 0 : size;
    }
    std::string& body = transfer.response.body;
    std::size_t limit = transfer.request.answerLimit;
    transfer.tooLarge = size > limit - std::min(body.size(), limit);
    if (transfer.tooLarge) return 0;
    body.append(bytes, size);
    return size;
  });
}

std::size_t onHeader(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return guarded(transfer, 0, [&] {
    std::string_view line(bytes, size);
    Headers& headers = transfer.response.headers;
    if (line.starts_with("HTTP/")) headers.clear();  // a 100 Continue or a redirect came before
    std::size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      headers.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
    return size;
  });
}

std::size_t onRead(char* into, std::size_t, std::size_t room, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return guarded(transfer, CURL_READFUNC_ABORT, [&] {
    if (transfer.request.source) return transfer.request.source(into, room);
    std::size_t size = std::min(room, transfer.request.body.size() - transfer.sent);
    std::copy_n(transfer.request.body.data() + transfer.sent, size, into);
    transfer.sent += size;
    return size;
  });
}

/// libcurl rewinds a body when a kept connection turns out to be dead, or for a redirect. A stream cannot be rewound.
int onSeek(void* user, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.request.source || origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  transfer.sent = std::min(static_cast<std::size_t>(offset), transfer.request.body.size());
  return CURL_SEEKFUNC_OK;
}

int onProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  return static_cast<int>(guarded(transfer, 1, [&]() -> std::size_t { return transfer.request.stopped() ? 1 : 0; }));
}

/// Called for each connection, with the address that DNS gave.
curl_socket_t onOpenSocket(void* user, curlsocktype, curl_sockaddr* peer) {
  auto& transfer = *static_cast<Transfer*>(user);
  bool allowed =
      guarded(transfer, 0, [&]() -> std::size_t {
        auto address = ipOf(peer->addr);
        char* effective = nullptr;
        curl_easy_getinfo(transfer.handle, CURLINFO_EFFECTIVE_URL, &effective);
        std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), &curl_url_cleanup);
        char *host = nullptr, *port = nullptr;
        if (!address || !effective || !url || curl_url_set(url.get(), CURLUPART_URL, effective, 0) != CURLUE_OK ||
            curl_url_get(url.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK)
          return 0;
        std::unique_ptr<char, void (*)(void*)> keptHost(host, &curl_free);
        if (curl_url_get(url.get(), CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) return 0;
        std::unique_ptr<char, void (*)(void*)> keptPort(port, &curl_free);
        return transfer.request.egress->allows(host, static_cast<int>(parseInteger(port).value_or(0)), *address) ? 1
                                                                                                                 : 0;
      }) == 1;
  transfer.forbidden = !allowed;
  if (!allowed) return CURL_SOCKET_BAD;
  return ::socket(peer->family, peer->socktype | SOCK_CLOEXEC, peer->protocol);
}

HeaderList headerList(const ClientRequest& request) {
  HeaderList list;
  auto append = [&list](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (!longer) throw std::bad_alloc();
    list.release();
    list.reset(longer);
  };
  for (const auto& [name, value] : request.headers.all()) {
    // A line break in a header would smuggle a second one in; a NUL would cut it.
    bool safe = (name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
    if (!safe || name.empty()) throw error(Code::invalid, "the request header {} has a line break or NUL", name);
    append(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!request.headers.get("Expect")) append("Expect:");  // one round trip less; our peers take what we send
  return list;
}

bool sendsBody(const ClientRequest& request) {
  const std::string& method = request.method;
  return request.source || !request.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
}

bool isMethod(std::string_view method) {
  return !method.empty() &&
         std::all_of(method.begin(), method.end(), [](unsigned char c) { return std::isalpha(c) || c == '-'; });
}

/// Without credentials and query, because addresses in messages end up in logs. Of an address that clients choose, not
/// the path either: receivers such as Slack's know their callers by it.
std::string shown(const ClientRequest& request) {
  if (request.egress) return redactPath(request.url);
  std::string_view url = std::string_view(request.url).substr(0, request.url.find('?'));
  std::size_t scheme = url.find("://");
  std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  std::size_t at = url.substr(host, url.find('/', host) - host).rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  return fmt::format("{}{}", url.substr(0, host), url.substr(host + at + 1));
}

/// What the environment excludes from its proxy, and this machine: a proxy elsewhere cannot reach our loopback.
std::string withoutProxy() {
  const char* lower = std::getenv("no_proxy");
  const char* given = lower ? lower : std::getenv("NO_PROXY");
  std::string list = given ? std::string(given) + "," : std::string();
  return list == "*," ? "*" : list + "localhost,127.0.0.1,::1";
}

}  // namespace

struct Client::State {
  CURL* handle = nullptr;
  char reason[CURL_ERROR_SIZE] = {};

  State() {
    static std::once_flag once;  // libcurl asks for this before any second thread uses it
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    handle = curl_easy_init();
    if (!handle) throw Error(Code::internal, "libcurl cannot start");
  }
  ~State() { curl_easy_cleanup(handle); }

  void set(CURLoption option, auto value) {
    CURLcode code = curl_easy_setopt(handle, option, value);
    if (code != CURLE_OK) throw error(Code::invalid, "the request cannot be sent: {}", curl_easy_strerror(code));
  }
  void configure(Transfer& transfer, curl_slist* headers);
  void limitTime(const ClientRequest& request);
  void hook(Transfer& transfer);
};

void Client::State::configure(Transfer& transfer, curl_slist* headers) {
  const ClientRequest& request = transfer.request;
  curl_easy_reset(handle);  // options only: connections, DNS and TLS sessions stay
  reason[0] = '\0';
  set(CURLOPT_ERRORBUFFER, reason);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, request.followRedirects ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, redirectsAtMost);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_NOPROXY, request.egress ? "*" : withoutProxy().c_str());
  set(CURLOPT_PATH_AS_IS, 1L);  // the caller's path, byte by byte: signatures cover it
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (sendsBody(request)) {
    set(CURLOPT_UPLOAD, 1L);
    auto known = static_cast<curl_off_t>(request.body.size());
    set(CURLOPT_INFILESIZE_LARGE, request.source ? static_cast<curl_off_t>(request.sourceSize) : known);  // -1: chunked
  }
  set(CURLOPT_HTTPHEADER, headers);
  if (!request.caFile.empty()) set(CURLOPT_CAINFO, request.caFile.c_str());
  limitTime(request);
  hook(transfer);
}

void Client::State::limitTime(const ClientRequest& request) {
  long seconds = request.timeoutSeconds;
  set(CURLOPT_CONNECTTIMEOUT, std::min(connectSeconds, seconds));
  if (!request.sink && !request.source) return set(CURLOPT_TIMEOUT, seconds);
  set(CURLOPT_LOW_SPEED_LIMIT, slowestBytesPerSecond);
  set(CURLOPT_LOW_SPEED_TIME, seconds);
}

void Client::State::hook(Transfer& transfer) {
  set(CURLOPT_WRITEFUNCTION, &onBody);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, &onHeader);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_READFUNCTION, &onRead);
  set(CURLOPT_READDATA, &transfer);
  set(CURLOPT_SEEKFUNCTION, &onSeek);
  set(CURLOPT_SEEKDATA, &transfer);
  if (transfer.request.egress) {
    set(CURLOPT_OPENSOCKETFUNCTION, &onOpenSocket);
    set(CURLOPT_OPENSOCKETDATA, &transfer);
  }
  if (!transfer.request.stopped) return;
  set(CURLOPT_XFERINFOFUNCTION, &onProgress);
  set(CURLOPT_XFERINFODATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
}

Client::Client() : state_(std::make_unique<State>()) {}
Client::~Client() = default;

Response Client::send(const ClientRequest& request) {
  if (!isMethod(request.method)) throw error(Code::invalid, "{} is not a request method", request.method);
  HeaderList headers = headerList(request);
  Transfer transfer{request, state_->handle, {}};
  transfer.response.contentType.clear();
  state_->configure(transfer, headers.get());
  CURLcode code = curl_easy_perform(state_->handle);
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  if (transfer.forbidden && code != CURLE_OK)
    throw error(Code::denied, "{} is not an allowed destination for requests of this kind", shown(request));
  if (transfer.tooLarge)
    throw error(Code::unavailable, "the answer of {} is larger than {} bytes", shown(request), request.answerLimit);
  if (code != CURLE_OK && !transfer.stopped) {
    std::string_view why = state_->reason[0] ? state_->reason : curl_easy_strerror(code);
    bool ours = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT;
    throw error(ours ? Code::invalid : Code::unavailable, "{} {}: {}", request.method, shown(request), why);
  }
  transfer.response.status = static_cast<int>(transfer.status());
  if (auto type = transfer.response.headers.get("Content-Type")) transfer.response.contentType = *type;
  return std::move(transfer.response);
}

}  // namespace regesta::http
