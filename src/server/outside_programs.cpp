#include "server/outside_programs.h"

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "http/client.h"

namespace regesta::server {
namespace {

constexpr std::uint64_t secretFileBytes = 64 * 1024;
constexpr int secondsToExport = 10;
constexpr std::size_t exportAnswerBytes = 64 * 1024;

std::string secretOf(const Config& config, std::string_view key) {
  const std::string& path = config.text(key);
  if (path.empty()) return {};
  auto content = file::readFile(path, secretFileBytes);
  if (!content) throw error(Code::invalid, "{} names {}, which does not exist", key, path);
  std::string text(trim(*content));
  if (text.empty()) throw error(Code::invalid, "{} names {}, which is empty", key, path);
  return text;
}

/// A file of lines `NAME: VALUE`.
http::Headers headersOf(const Config& config, std::string_view key) {
  http::Headers headers;
  const std::string text = secretOf(config, key);
  for (std::string_view line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || trim(line.substr(0, colon)).empty())
      throw error(Code::invalid, "{} names {}, whose lines must be NAME: VALUE", key, config.text(key));
    headers.add(std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1))));
  }
  return headers;
}

}  // namespace

policy::RemoteOpa::Options opaOptions(const Config& config) {
  policy::RemoteOpa::Options options;
  for (std::string_view item : split(config.text("policy.opa-urls"), ',')) {
    std::string_view url = trim(item);
    if (url.empty()) continue;
    bool web = url.starts_with("http://") || url.starts_with("https://");
    if (!web || url.find_first_of("@?# ") != url.npos)
      throw error(Code::invalid, "policy.opa-urls must be URLs such as https://opa.example:8181, got \"{}\"", url);
    options.urls.emplace_back(url);
  }
  options.token = secretOf(config, "policy.opa-token-file");
  options.caFile = config.text("policy.opa-ca-file");
  options.timeoutSeconds = static_cast<int>(config.integer("policy.opa-seconds", 1, 60));
  return options;
}

http::MailServer mailServer(const Config& config) {
  http::MailServer server;
  server.url = config.text("mail.url");
  if (!server.isSet()) return server;
  if (!server.url.starts_with("smtp://") && !server.url.starts_with("smtps://"))
    throw error(Code::invalid, "mail.url must be smtp://HOST:PORT or smtps://HOST:PORT, got \"{}\"", server.url);
  server.from = config.text("mail.from");
  if (!http::isMailAddress(server.from))
    throw error(Code::invalid, "mail.from must be the address of the sender, got \"{}\"", server.from);
  server.user = config.text("mail.user");
  server.password = secretOf(config, "mail.password-file");
  server.caFile = config.text("mail.ca-file");
  server.encrypt = config.flag("mail.encrypt");
  return server;
}

std::optional<RequestTracing::Options> tracingOptions(const Config& config) {
  const std::string& url = config.text("tracing.url");
  if (url.empty()) return std::nullopt;
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    throw error(Code::invalid, "tracing.url must begin with https:// or http://, got \"{}\"", url);
  RequestTracing::Options options{.post = {},
                                  .serviceName = config.text("tracing.service-name"),
                                  .instance = randomHex(16),
                                  .sampleRatio = config.real("tracing.sample-ratio", 0, 1)};
  http::ClientRequest request{.method = "POST", .url = url, .headers = headersOf(config, "tracing.headers-file")};
  request.headers.set("Content-Type", "application/json");
  request.timeoutSeconds = secondsToExport;
  request.answerLimit = exportAnswerBytes;
  request.caFile = config.text("tracing.ca-file");
  options.post = [request, client = std::make_shared<http::Client>()](const std::string& body) mutable {
    request.body = body;
    return client->send(request);
  };
  return options;
}

}  // namespace regesta::server
