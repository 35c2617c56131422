#pragma once
#include "api/xet/call.h"

namespace regesta::api::xet {

/// POST of a shard, version 1: answers when its files are stored.
class ShardUpload final : public http::StreamHandler {
 public:
  explicit ShardUpload(Core& core) : core_(core) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override;

 private:
  Core& core_;
};

/// Version 2: tells how far it is, one JSON object per line. What it refuses after the first line is a line, too.
class ShardUploadWithProgress final : public http::StreamHandler {
 public:
  explicit ShardUploadWithProgress(Core& core) : core_(core) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override;

 private:
  Core& core_;
};

}  // namespace regesta::api::xet
