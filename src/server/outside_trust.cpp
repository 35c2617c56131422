#include "server/outside_trust.h"

#include "base/error.h"
#include "base/file.h"
#include "http/client.h"
#include "server/data_directory.h"

namespace regesta::server {
namespace {

constexpr int secondsToReply = 10;
constexpr std::size_t longestReply = 64 * 1024;
constexpr std::uint64_t longestFile = 1024 * 1024;

std::string fileNamedBy(const Config& config, std::string_view key) {
  const std::string& name = config.text(key);
  if (name.empty()) return {};
  auto text = file::readFile(name, longestFile);
  if (!text) throw error(Code::invalid, "{}: the file {} does not exist", key, name);
  return *std::move(text);
}

std::int64_t within(const Config& config, std::string_view key, std::int64_t least, std::int64_t most) {
  std::int64_t value = config.integer(key);
  if (value < least || value > most) throw error(Code::invalid, "{} must be {} to {}, got {}", key, least, most, value);
  return value;
}

ledger::PostToWitness witnessClient(const ledger::Witness& witness, const std::string& caFile) {
  auto client = std::make_shared<http::Client>();
  return [client, url = witness.url + "/add-checkpoint", caFile](const std::string& body) {
    http::ClientRequest request{.method = "POST", .url = url, .headers = {}, .body = body};
    request.headers.set("Content-Type", "text/plain; charset=utf-8");
    request.timeoutSeconds = secondsToReply;
    request.answerLimit = longestReply;
    request.caFile = caFile;
    http::Response response = client->send(request);
    return ledger::WitnessReply{response.status, response.contentType, std::move(response.body)};
  };
}

std::function<std::string(const std::string&)> timestampClient(const std::string& url) {
  auto client = std::make_shared<http::Client>();
  return [client, url](const std::string& body) {
    http::ClientRequest request{.method = "POST", .url = url, .headers = {}, .body = body};
    request.headers.set("Content-Type", "application/timestamp-query");
    request.headers.set("Accept", "application/timestamp-reply");
    request.timeoutSeconds = secondsToReply;
    request.answerLimit = longestReply;
    http::Response response = client->send(request);
    if (response.status != 200)
      throw error(Code::unavailable, "the time-stamping authority {} answered {}", url, response.status);
    return std::move(response.body);
  };
}

}  // namespace

std::optional<ledger::WitnessPolicy> witnessPolicy(const Config& config) {
  if (config.text("ledger.witness-policy").empty()) return std::nullopt;
  auto policy = ledger::parseWitnessPolicy(fileNamedBy(config, "ledger.witness-policy"));
  if (!policy)
    throw error(Code::invalid, "ledger.witness-policy: {}: {}", config.text("ledger.witness-policy"), policy.error());
  return *std::move(policy);
}

OutsideTrust::OutsideTrust(const Config& config, const DataDirectory& data, db::Database& database, ledger::Log& log) {
  if (auto policy = witnessPolicy(config)) {
    ledger::Witnessing::Options options{.policy = *std::move(policy), .connect = {}};
    options.connect = [ca = config.text("ledger.witness-ca-file")](const ledger::Witness& witness) {
      return witnessClient(witness, ca);
    };
    options.every = std::chrono::seconds(within(config, "ledger.witness-seconds", 1, 3600));
    options.file = data.ledger() + "/checkpoint.cosigned";
    witnessing_ = std::make_unique<ledger::Witnessing>(database, log, std::move(options));
    witnessing_->open();
  }
  if (const std::string& url = config.text("ledger.timestamp-url"); !url.empty()) {
    if (!url.starts_with("https://") && !url.starts_with("http://"))
      throw Error(Code::invalid, "ledger.timestamp-url must begin with https:// or http://");
    timestamping_ = std::make_unique<ledger::Timestamping>(
        database, log,
        ledger::Timestamping::Options{
            .post = timestampClient(url),
            .ca = fileNamedBy(config, "ledger.timestamp-ca-file"),
            .every = std::chrono::minutes(within(config, "ledger.timestamp-minutes", 1, 7 * 24 * 60))});
  }
  log.attach(witnessing_.get(), timestamping_.get());
}

void OutsideTrust::start() {
  if (witnessing_) witnessing_->start();
  if (timestamping_) timestamping_->start();
}

void OutsideTrust::stop() {
  if (timestamping_) timestamping_->stop();
  if (witnessing_) witnessing_->stop();
}

}  // namespace regesta::server
