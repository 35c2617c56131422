#pragma once
#include "api/xet/call.h"

namespace regesta::api::xet {

/// POST of a xorb: every chunk and the xorb's hash are computed again before anything is stored.
class XorbUpload final : public http::StreamHandler {
 public:
  explicit XorbUpload(Core& core) : core_(core) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override;

 private:
  Core& core_;
};

/// HEAD of a xorb that the caller may build files of, and of a file.
class XorbHead final : public http::StreamHandler {
 public:
  explicit XorbHead(Core& core) : core_(core) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override;

 private:
  Core& core_;
};
class FileHead final : public http::StreamHandler {
 public:
  explicit FileHead(Core& core) : core_(core) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override;

 private:
  Core& core_;
};

}  // namespace regesta::api::xet
