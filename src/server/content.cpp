#include "server/content.h"

#include "base/error.h"

namespace regesta::server {
namespace {

constexpr std::int64_t longestRetry = 300;  // seconds; a request is not repeated after that

}  // namespace

blob::BucketOptions bucketOptions(const Config& config) {
  return {.url = config.text("blobs"),
          .endpoint = config.text("blobs.endpoint"),
          .region = config.text("blobs.region"),
          .caFile = config.text("blobs.ca-file"),
          .retrySeconds = static_cast<int>(config.integer("blobs.retry-seconds", 0, longestRetry))};
}

std::unique_ptr<blob::PackStore> openContent(const Config& config, const DataDirectory& data, db::Database& database) {
  if (config.text("blobs").empty()) return blob::openPacks(data.blobs(), database);
  std::int64_t cache = config.integer("blobs.cache-bytes");
  if (cache < 0) throw error(Code::invalid, "blobs.cache-bytes must be at least 0, got {}", cache);
  auto bucket = blob::openBucket(bucketOptions(config), data.blobs());
  auto medium = blob::cacheReads(std::move(bucket), data.blobCache(), static_cast<std::uint64_t>(cache));
  return std::make_unique<blob::PackStore>(std::move(medium), database, nullptr);
}

}  // namespace regesta::server
