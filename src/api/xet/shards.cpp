#include "api/xet/shards.h"

#include "api/client_error.h"
#include "api/xet/commit.h"
#include "base/log.h"

namespace regesta::api::xet {
namespace {

using http::Exchange;

constexpr std::size_t pieceSize = 256 * 1024;

/// Reads the shard and compares it with its xorbs: what is wrong with it without a look at contents is a status.
http::asio::awaitable<std::unique_ptr<ShardCommit>> receive(Exchange& exchange, Core& core) {
  Call call = callOf(core, exchange);
  MemoryShare memory;
  std::string shard;
  std::vector<char> piece(pieceSize);
  while (std::size_t count = co_await exchange.read(piece)) {
    memory.add(3 * count);  // the bytes, and what they become
    shard.append(piece.data(), count);
  }
  std::unique_ptr<ShardCommit> commit;
  co_await exchange.waiting([&] {
    commit = std::make_unique<ShardCommit>(std::move(call), blob::xet::readShard(shard), std::move(memory));
    shard = {};
  });
  while (co_await exchange.waiting([&] { return commit->check(); })) continue;
  co_return commit;
}

std::string progressLine(const ShardCommit& commit) {
  return fmt::format("{{\"type\":\"validating\",\"verified\":{},\"total\":{}}}\n", commit.verified(), commit.bytes());
}

std::string faultLine(const Error& fault, const http::Request& request) {
  request.account.problem = codeName(fault.code);
  if (httpStatus(fault.code) >= 500)
    log(LogLevel::error, fault.message, {{"request", request.id}, {"path", request.rawPath}});
  std::optional<Error> hidden = clientError(fault, request.id);
  std::string line;
  JsonWriter writer(line);
  writer.object().key("type").text("error").key("message").text(hidden ? hidden->message : fault.message);
  writer.key("retryable").boolean(fault.code == Code::unavailable || fault.code == Code::exhausted).end();
  return line + '\n';
}

Task storeWithProgress(Exchange& exchange, ShardCommit& commit) {
  co_await exchange.write(progressLine(commit));
  while (co_await exchange.waiting([&] { return commit.store(); })) co_await exchange.write(progressLine(commit));
  co_await exchange.write("{\"type\":\"committing\",\"stage\":\"syncing\"}\n");
  co_await exchange.waiting([&] { commit.finish(); });
  co_await exchange.write("{\"type\":\"result\"}\n");
}

}  // namespace

Task uploadShard(Exchange& exchange, Core& core) {
  auto commit = co_await receive(exchange, core);
  while (co_await exchange.waiting([&] { return commit->store(); })) continue;
  bool isNew = co_await exchange.waiting([&] { return commit->finish(); });
  co_await exchange.respond(jsonAnswer(fmt::format("{{\"result\":{}}}", isNew ? 1 : 0)));
}

Task uploadShardWithProgress(Exchange& exchange, Core& core) {
  auto commit = co_await receive(exchange, core);
  http::Response head;
  head.contentType = "application/x-ndjson";
  co_await exchange.begin(std::move(head), std::nullopt);
  std::optional<Error> fault;
  try {
    co_await storeWithProgress(exchange, *commit);
  } catch (const Error& failure) {
    fault = failure;
  }
  if (fault) co_await exchange.write(faultLine(*fault, exchange.request()));
  co_await exchange.finish();
}

}  // namespace regesta::api::xet
