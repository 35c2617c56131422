#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/sync.h"
#include "blob/bucket_fault.h"
#include "http/client.h"

namespace regesta::blob {

struct BucketOptions {
  std::string url;       ///< s3://bucket/prefix, gs://bucket/prefix or az://container/prefix
  std::string endpoint;  ///< empty: as the environment or the cloud has it
  std::string region;    ///< empty: as the environment has it
  std::string caFile;    ///< PEM; empty: the system's CAs
  int retrySeconds = 20;
};

/// Objects below a prefix of a bucket of S3, Google Cloud Storage or Azure Blob Storage. Credentials come from the
/// environment variables of these clouds' own tools. Requests are repeated with pauses when they may succeed then.
/// After a call has failed, others fail at once until one succeeds again. Thread-safe. Throws Error{unavailable}.
class Bucket {
 public:
  /// Throws Error{invalid} for a URL that names no bucket. Sends nothing yet.
  explicit Bucket(BucketOptions options);
  ~Bucket();
  Bucket(const Bucket&) = delete;
  Bucket& operator=(const Bucket&) = delete;

  const BucketAddress& address() const { return address_; }

  void put(std::string_view key, std::string_view content);
  /// False when there is such an object already.
  bool create(std::string_view key, std::string_view content);
  /// The number of bytes that there are from `offset`; nothing when there is no such object.
  std::optional<std::size_t> read(std::string_view key, std::uint64_t offset, std::span<char> into);
  void remove(std::string_view key);
  struct Item {
    std::string key;  ///< without the prefix
    std::uint64_t size = 0;
    std::int64_t modifiedAt = 0;  ///< milliseconds
  };
  std::vector<Item> list(std::string_view prefix);
  /// Why the last call failed; empty: it did not.
  std::string outage();

 private:
  struct Call;
  struct Native;
  struct State {
    std::vector<std::unique_ptr<http::Client>> idle;
    bool failing = false;  ///< the last call ended without a usable answer
    bool probing = false;  ///< while failing, one call finds out whether that is over
    std::string failure;   ///< why the last call failed; empty: it did not
  };
  class Entry;
  static int send(void* call, const void* request, void* answer);
  /// Runs one call of the library; false when it ended with a fault, which `call` then has.
  bool run(Call& call, const std::function<int(void*)>& function);
  std::string keyOf(std::string_view key) const;

  BucketOptions options_;
  BucketAddress address_;
  Sync<State> state_;
  std::unique_ptr<Native> native_;
};

}  // namespace regesta::blob
