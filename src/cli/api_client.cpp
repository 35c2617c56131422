#include "cli/api_client.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/encoding.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/progress.h"
#include "crypto/hash.h"

namespace regesta::cli {
namespace {

constexpr std::uint64_t resumableBytes = 64 * 1024 * 1024;  // below, sending it again costs less than asking
constexpr int resumptions = 5;                              // in a row without a byte that arrived
constexpr int transferSeconds =
    24 * 3600;  // an upload or download may take its time; a stalled one is libcurl's to end

Code codeOf(std::string_view name, int status) {
  for (Code code : {Code::invalid, Code::unauthenticated, Code::denied, Code::refused, Code::notFound, Code::exists,
                    Code::conflict, Code::invalidState, Code::tooLarge, Code::exhausted, Code::unsupported,
                    Code::unavailable, Code::corrupt, Code::internal})
    if (codeName(code) == name) return code;
  switch (status) {
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::denied;
    case 404:
      return Code::notFound;
    case 409:
      return Code::conflict;
    case 413:
      return Code::tooLarge;
    case 429:
      return Code::exhausted;
    default:
      return status >= 500 ? Code::unavailable : Code::invalid;
  }
}

std::string hintFor(Code code, const Connection& connection) {
  if (code != Code::unauthenticated) return {};
  if (connection.authorization().empty())
    return " (no credentials were sent: run `regesta login`, or set REGESTA_TOKEN)";
  return " (the credentials come from the environment or from `regesta login`)";
}

Error errorOf(const http::Response& response, const Connection& connection) {
  try {
    json::value value = parseJson(response.body);
    const json::object& fault = value.as_object().at("error").as_object();
    Code code = codeOf(fault.at("code").as_string(), response.status);
    const json::value* detail = fault.if_contains("detail");
    return Error(code, std::string(fault.at("message").as_string()) + hintFor(code, connection),
                 detail && detail->is_object() ? json::serialize(*detail) : "");
  } catch (const std::exception&) {
    // Not a response of Regesta: a proxy's page, or another server on this port.
    return error(codeOf("", response.status), "{} answered {} {}{}", connection.url, response.status,
                 http::reason(response.status), response.body.empty() ? "" : ": " + shorten(trim(response.body), 200));
  }
}

json::value parsed(const http::Response& response, const Connection& connection) {
  if (response.body.empty()) return json::object();
  try {
    return parseJson(response.body);
  } catch (const Error&) {
    throw error(Code::unavailable, "{} does not answer like a Regesta server; is the URL right?", connection.url);
  }
}

/// The content of a file, to send from some byte on.
class Source {
 public:
  Source(const std::string& file, std::uint64_t size)
      : file_(file),
        size_(size),
        input_(file, std::ios::binary),
        progress_(std::filesystem::path(file).filename().string(), size) {
    if (!input_) throw unreadable(file);
  }

  std::string sha256() {
    crypto::Sha256 sum;
    std::vector<char> piece(1024 * 1024);
    while (std::size_t count = read(piece.data(), piece.size())) sum.update({piece.data(), count});
    return crypto::hex(sum.finish());
  }

  void sendFrom(std::uint64_t offset, http::ClientRequest& call) {
    input_.clear();
    input_.seekg(static_cast<std::streamoff>(offset));
    progress_.set(offset);
    call.timeoutSeconds = transferSeconds;
    call.sourceSize = static_cast<long long>(size_ - offset);
    call.source = [this](char* into, std::size_t room) {
      std::size_t count = read(into, room);
      progress_.advance(count);
      return count;
    };
  }

 private:
  std::size_t read(char* into, std::size_t room) {
    input_.read(into, static_cast<std::streamsize>(room));
    if (input_.bad()) throw unreadable(file_);
    return static_cast<std::size_t>(input_.gcount());
  }

  std::string file_;
  std::uint64_t size_;
  std::ifstream input_;
  Progress progress_;
};

}  // namespace

Error unreadable(const std::string& file) {
  int reason = errno;
  return error(reason == ENOENT ? Code::notFound : Code::invalid, "cannot read {}: {}", file,
               reason == 0 ? "unknown error" : file::reason(reason));
}

std::string route(std::initializer_list<std::string_view> segments) {
  std::string path = "/api/v1";
  for (std::string_view segment : segments) path += "/" + percentEncode(segment);
  return path;
}

http::ClientRequest Api::request(std::string method, const std::string& path, const Query& query) const {
  http::ClientRequest request;
  request.method = std::move(method);
  request.url = connection_.url + path;
  char separator = path.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    request.url += fmt::format("{}{}={}", separator, name, percentEncode(value));
    separator = '&';
  }
  request.caFile = connection_.caFile;
  request.stopped = stopped_;
  request.headers.add("Accept", "application/json");
  if (std::string authorization = connection_.authorization(); !authorization.empty())
    request.headers.add("Authorization", authorization);
  if (!connection_.workspace.empty()) request.headers.add("X-Regesta-Workspace", connection_.workspace);
  return request;
}

http::Response Api::send(const http::ClientRequest& request) {
  http::Response response;
  try {
    response = client_.send(request);
  } catch (const Error& fault) {
    if (fault.code != Code::unavailable) throw;
    // The client's words begin with the whole request; people want to hear the server's name and the reason.
    std::string reason =
        fault.message.substr(fault.message.rfind(": ") == std::string::npos ? 0 : fault.message.rfind(": ") + 2);
    throw error(Code::unavailable,
                "no answer from {}: {} (start a server with `regesta serve`, or name one with --url or REGESTA_URL)",
                connection_.url, reason);
  }
  if (response.status >= 400) throw errorOf(response, connection_);
  if (response.status >= 300)
    throw error(Code::unavailable, "{} redirects elsewhere ({}); is the URL right?", connection_.url, response.status);
  return response;
}

json::value Api::answer(const http::ClientRequest& request) { return parsed(send(request), connection_); }

json::value Api::get(const std::string& path, const Query& query) { return answer(request("GET", path, query)); }

json::value Api::post(const std::string& path, const json::value& body) {
  http::ClientRequest call = request("POST", path);
  call.headers.add("Content-Type", "application/json");
  call.body = json::serialize(body);
  return answer(call);
}

json::value Api::postLines(const std::string& path, std::string lines, const std::string& key) {
  http::ClientRequest call = request("POST", path);
  call.headers.add("Content-Type", "application/x-ndjson");
  if (!key.empty()) call.headers.add("Idempotency-Key", key);
  call.body = std::move(lines);
  call.timeoutSeconds = transferSeconds;
  return answer(call);
}

json::value Api::put(const std::string& path, const json::value& body) {
  http::ClientRequest call = request("PUT", path);
  call.headers.add("Content-Type", "application/json");
  call.body = json::serialize(body);
  return answer(call);
}

json::value Api::patch(const std::string& path, const json::value& body) {
  http::ClientRequest call = request("PATCH", path);
  call.headers.add("Content-Type", "application/json");
  call.body = json::serialize(body);
  return answer(call);
}

json::value Api::remove(const std::string& path) { return answer(request("DELETE", path)); }

std::string Api::text(const std::string& path) { return send(request("GET", path)).body; }

void Api::download(const std::string& path, std::function<bool(std::string_view)> sink) {
  http::ClientRequest call = request("GET", path);
  call.timeoutSeconds = transferSeconds;
  call.sink = std::move(sink);
  send(call);
}

void Api::each(const std::string& path, const Query& query, std::size_t limit,
               const std::function<void(const json::object&)>& visit) {
  Query page = query;
  page.emplace_back("page_size", std::to_string(std::min<std::size_t>(limit, 1000)));
  page.emplace_back("page_token", "");
  for (std::size_t seen = 0; seen < limit;) {
    json::value answer = get(path, page);
    const json::object& object = answer.as_object();
    for (const json::value& item : object.at("items").as_array()) {
      if (seen++ == limit) return;
      visit(item.as_object());
    }
    const json::value* next = object.if_contains("next_page_token");
    if (!next || !next->is_string() || next->get_string().empty()) return;
    page.back().second = std::string(next->get_string());
  }
}

json::object Api::upload(const std::string& file) {
  std::error_code fault;
  auto size = std::filesystem::file_size(file, fault);
  if (fault) {
    errno = fault.value();
    throw unreadable(file);
  }
  return size < resumableBytes ? uploadAtOnce(file, size) : uploadResumably(file, size);
}

json::object Api::uploadAtOnce(const std::string& file, std::uint64_t size) {
  Source source(file, size);
  http::ClientRequest call = request("PUT", "/api/v1/blobs");
  call.headers.add("Content-Type", "application/octet-stream");
  source.sendFrom(0, call);
  json::value stored = answer(call);
  return stored.as_object();
}

json::object Api::uploadResumably(const std::string& file, std::uint64_t size) {
  Source source(file, size);
  http::ClientRequest begin = request("POST", "/api/v1/uploads");
  begin.headers.add("Upload-Length", std::to_string(size));
  begin.headers.add("Upload-Metadata", "sha256 " + base64Encode(source.sha256()));
  http::Response begun = send(begin);
  std::string place = std::string(begun.headers.get("Location").value_or(""));
  json::object state = parsed(begun, connection_).as_object();
  for (int failures = 0; !state.contains("digest");) {
    std::int64_t offset = state.at("offset").to_number<std::int64_t>();
    try {
      http::ClientRequest call = request("PATCH", place);
      call.headers.add("Content-Type", "application/offset+octet-stream");
      call.headers.add("Upload-Offset", std::to_string(offset));
      source.sendFrom(static_cast<std::uint64_t>(offset), call);
      send(call);
      state = get(place).as_object();
    } catch (const Error& fault) {
      // A conflict: the server has kept, meanwhile, what an earlier request sent before it was cut.
      if ((fault.code != Code::unavailable && fault.code != Code::conflict) || failures == resumptions) throw;
      std::this_thread::sleep_for(std::chrono::seconds(1 << failures++));
      state = stateOf(place, std::move(state));
      if (state.at("offset").to_number<std::int64_t>() > offset) failures = 0;
    }
  }
  return state;
}

json::object Api::stateOf(const std::string& place, json::object known) {
  try {
    return get(place).as_object();
  } catch (const Error& fault) {
    if (fault.code != Code::unavailable) throw;
    return known;
  }
}

}  // namespace regesta::cli
