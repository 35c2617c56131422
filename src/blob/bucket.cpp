#include "blob/bucket.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/text.h"
#include "crypto/rsa.h"
#include "regesta_native.h"

namespace regesta::blob {
namespace {

constexpr int silentSeconds = 15;   ///< without a single byte
constexpr int metadataSeconds = 3;  ///< for the instance metadata service, which is near or absent
constexpr std::size_t idleClients = 32;

RegestaSlice slice(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
std::string_view text(RegestaSlice bytes) { return {reinterpret_cast<const char*>(bytes.data), bytes.size}; }

std::string take(RegestaBuffer buffer) {
  std::string copy(reinterpret_cast<const char*>(buffer.data), buffer.size);
  regesta_buffer_free(buffer);
  return copy;
}

std::string hostOf(std::string_view url) {
  std::size_t start = url.find("://");
  start = start == std::string_view::npos ? 0 : start + 3;
  std::string_view host = url.substr(start, url.find_first_of("/?", start) - start);
  if (std::size_t port = host.rfind(':');
      port != std::string_view::npos && host.find(']', port) == std::string_view::npos)
    host = host.substr(0, port);
  return std::string(host);
}

/// Requests of object stores by outcome; "none" when there was no answer.
Counter& bucketRequests(std::string_view method, std::string_view outcome) {
  return counter("regesta_object_store_requests_total", "Requests to the object store",
                 fmt::format(R"(method="{}",status="{}")", method, outcome));
}

void count(const BucketExchange& exchange) {
  bucketRequests(exchange.method, exchange.failure.empty() ? std::to_string(exchange.answer.status) : "none").add();
}

/// What alert rules watch exists before it first happens: a counter that appears at 1 has not increased.
void createBucketCounters() {
  for (std::string_view method : {"GET", "PUT"})
    for (std::string_view outcome : {"200", "403", "500", "503", "none"}) bucketRequests(method, outcome);
}

int sign(RegestaSlice pem, RegestaSlice message, RegestaAnswer* answer) {
  auto signature = crypto::signRs256(text(pem), text(message));
  if (!signature) return REGESTA_ERROR;
  regesta_answer_set(answer, 200, slice(""), slice(*signature));
  return REGESTA_OK;
}

/// The client's reason without the address, which the message has already.
std::string reasonOf(std::string_view message) {
  std::size_t at = message.find(": ");
  return std::string(at == std::string_view::npos ? message : message.substr(at + 2));
}

}  // namespace

struct Bucket::Native {
  RegestaBucket* bucket = nullptr;
  ~Native() { regesta_bucket_free(bucket); }
};

/// One call of the library, which may send several requests.
struct Bucket::Call {
  Bucket& bucket;
  std::unique_ptr<http::Client> client{};
  BucketExchange last{};
  std::string kind{}, message{};  ///< of the fault
};

int Bucket::send(void* context, const void* given, void* answer) {
  Call& call = *static_cast<Call*>(context);
  const auto& request = *static_cast<const RegestaRequest*>(given);
  http::ClientRequest sent;
  sent.method = text(request.method);
  sent.url = text(request.url);
  sent.caFile = call.bucket.options_.caFile;
  for (std::string_view line : split(text(request.headers), '\n')) {
    std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos)
      sent.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
  }
  std::string_view body = text(request.body);
  if (!body.empty()) {
    sent.sourceSize = static_cast<long long>(body.size());
    sent.source = [&body](char* into, std::size_t room) {
      std::size_t size = std::min(room, body.size());
      std::copy_n(body.data(), size, into);
      body.remove_prefix(size);
      return size;
    };
  }
  std::string received;
  sent.sink = [&received](std::string_view bytes) {
    received += bytes;
    return true;
  };
  call.last = {sent.method, hostOf(sent.url), {}, {}, call.last.requests + 1};
  bool metadata = isMetadataService(call.last.host);
  sent.timeoutSeconds = metadata ? metadataSeconds : silentSeconds;
  try {
    call.last.answer = call.client->send(sent);
  } catch (const Error& failure) {
    call.last.failure = reasonOf(failure.message);
    call.client = std::make_unique<http::Client>();
    count(call.last);
    return failure.code == Code::unavailable && !metadata ? REGESTA_INTERRUPTED : REGESTA_NOT_SENT;
  } catch (const std::exception& failure) {
    call.last.failure = failure.what();
    return REGESTA_NOT_SENT;
  }
  count(call.last);
  std::string headers;
  for (const auto& [name, value] : call.last.answer.headers.all()) headers += fmt::format("{}: {}\n", name, value);
  const std::string& content = received.empty() ? call.last.answer.body : received;
  regesta_answer_set(static_cast<RegestaAnswer*>(answer), call.last.answer.status, slice(headers), slice(content));
  return REGESTA_SENT;
}

Bucket::Bucket(BucketOptions options)
    : options_(std::move(options)), address_(parseBucketUrl(options_.url)), native_(std::make_unique<Native>()) {
  createBucketCounters();
  json::object settings = {{"scheme", address_.scheme},
                           {"bucket", address_.bucket},
                           {"endpoint", options_.endpoint},
                           {"region", options_.region},
                           {"retry_seconds", options_.retrySeconds}};
  requireEndpoint(options_.endpoint);
  RegestaTransport transport{
      [](void* call, const RegestaRequest* request, RegestaAnswer* answer) { return send(call, request, answer); },
      &sign};
  RegestaBuffer fault{};
  std::string text = json::serialize(settings);
  if (regesta_bucket_open(slice(text), transport, &native_->bucket, &fault) == REGESTA_OK) return;
  json::value why = json::parse(take(fault));
  throw error(Code::invalid, "blobs: {} cannot be used: {}", address_.text(), why.at("message").as_string());
}

Bucket::~Bucket() = default;

std::string Bucket::keyOf(std::string_view key) const {
  return address_.prefix.empty() ? std::string(key) : fmt::format("{}/{}", address_.prefix, key);
}

/// Lets a call in, or throws what the last one failed with while another finds out whether that is over.
class Bucket::Entry {
 public:
  explicit Entry(Sync<State>& state) : state_(state) {
    auto locked = state_.lock();
    if (locked->failing && locked->probing) throw Error(Code::unavailable, locked->failure);
    probe_ = locked->failing;
    locked->probing = locked->failing;
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() {
    if (probe_) state_.lock()->probing = false;
  }
  void ended(const std::string& failure, bool answered) {
    auto locked = state_.lock();
    locked->failing = !answered;
    locked->failure = failure;
  }

 private:
  Sync<State>& state_;
  bool probe_ = false;
};

bool Bucket::run(Call& call, const std::function<int(void*)>& function) {
  Entry entry(state_);
  {
    auto state = state_.lock();
    if (!state->idle.empty()) {
      call.client = std::move(state->idle.back());
      state->idle.pop_back();
    }
  }
  if (!call.client) call.client = std::make_unique<http::Client>();
  RegestaBuffer fault{};
  int code = function(&fault);
  {
    auto state = state_.lock();
    if (state->idle.size() < idleClients) state->idle.push_back(std::move(call.client));
  }
  if (code == REGESTA_OK) {
    entry.ended({}, true);
    return true;
  }
  json::value why = json::parse(take(fault));
  call.kind = std::string(why.at("kind").as_string());
  call.message = std::string(why.at("message").as_string());
  bool answered = call.last.failure.empty() && call.last.requests > 0;
  // What the object store says about one object does not mean an outage.
  bool missing = call.kind == "missing" && isMissingObject(call.last);
  if (answered && (call.kind == "exists" || missing || call.last.answer.status == 416)) {
    entry.ended({}, true);
    return false;
  }
  std::string message = call.last.requests == 0
                            ? fmt::format("cannot make a request to {}: {}", address_.text(), call.message)
                            : describeFault(address_, call.last);
  int status = call.last.answer.status;
  entry.ended(message, answered && status < 500 && status != 429);
  throw Error(Code::unavailable, message);
}

void Bucket::put(std::string_view key, std::string_view content) {
  Call call{*this};
  std::string path = keyOf(key);
  bool done = run(call, [&](void* fault) {
    return regesta_bucket_put(native_->bucket, &call, slice(path), slice(content), 0,
                              static_cast<RegestaBuffer*>(fault));
  });
  if (!done) throw Error(Code::unavailable, describeFault(address_, call.last));
  if (differsFromSent(call.last, content))
    throw error(Code::unavailable, "{} received other bytes for {} than were sent: try again", address_.text(), path);
}

bool Bucket::create(std::string_view key, std::string_view content) {
  Call call{*this};
  std::string path = keyOf(key);
  bool done = run(call, [&](void* fault) {
    return regesta_bucket_put(native_->bucket, &call, slice(path), slice(content), 1,
                              static_cast<RegestaBuffer*>(fault));
  });
  if (!done && call.kind != "exists") throw Error(Code::unavailable, describeFault(address_, call.last));
  return done;
}

std::optional<std::size_t> Bucket::read(std::string_view key, std::uint64_t offset, std::span<char> into) {
  Call call{*this};
  std::string path = keyOf(key);
  std::size_t count = 0;
  bool done = run(call, [&](void* fault) {
    return regesta_bucket_read(native_->bucket, &call, slice(path), offset,
                               reinterpret_cast<std::uint8_t*>(into.data()), into.size(), &count,
                               static_cast<RegestaBuffer*>(fault));
  });
  if (done) return count;
  if (call.last.answer.status == 416) return 0;
  return std::nullopt;
}

void Bucket::remove(std::string_view key) {
  Call call{*this};
  std::string path = keyOf(key);
  run(call, [&](void* fault) {
    return regesta_bucket_remove(native_->bucket, &call, slice(path), static_cast<RegestaBuffer*>(fault));
  });
}

std::string Bucket::outage() {
  auto state = state_.lock();
  return state->failing ? state->failure : std::string();
}

std::vector<Bucket::Item> Bucket::list(std::string_view prefix) {
  Call call{*this};
  std::string path = keyOf(prefix);
  std::vector<Item> items;
  auto visit = [](void* into, RegestaSlice key, std::uint64_t size, std::int64_t modifiedAt) -> int {
    static_cast<std::vector<Item>*>(into)->push_back({std::string(text(key)), size, modifiedAt});
    return REGESTA_OK;
  };
  bool done = run(call, [&](void* fault) {
    return regesta_bucket_list(native_->bucket, &call, slice(path), visit, &items, static_cast<RegestaBuffer*>(fault));
  });
  if (!done) throw Error(Code::unavailable, describeFault(address_, call.last));
  std::size_t skip = address_.prefix.empty() ? 0 : address_.prefix.size() + 1;
  for (Item& item : items) item.key.erase(0, skip);
  return items;
}

}  // namespace regesta::blob
