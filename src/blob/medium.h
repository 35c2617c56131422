#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "blob/bucket.h"
#include "blob/pack_builder.h"

namespace regesta::blob {

/// Where packs are stored: a folder or a bucket. Thread-safe. Throws Error{unavailable} when the medium fails.
class Medium {
 public:
  virtual ~Medium() = default;
  /// Stable name of this folder or bucket, because servers with different ones may share the index.
  virtual const std::string& place() const = 0;
  /// The folder or the URL of the bucket, for people.
  virtual const std::string& name() const = 0;
  /// A local folder for spool files, on the same file system when the medium is a folder.
  virtual const std::string& spools() const = 0;
  /// Makes the finished spool file the pack `name`: durable and visible when it returns.
  virtual void publish(Spool& spool, const PackName& name) = 0;
  /// Fills `into` with the bytes from `offset`; returns the number of bytes read. 0 also when there is no such pack.
  virtual std::size_t read(const PackName& name, std::uint64_t offset, std::span<char> into) = 0;
  /// How much of a pack is worth reading at once when it is read from one end to the other.
  virtual std::size_t readAhead() const { return 1024 * 1024; }
  /// The same packs without local copies of them: for looking at what is stored.
  virtual Medium& stored() { return *this; }
  /// False when there was nothing to remove; buckets do not tell, and return true.
  virtual bool remove(const PackName& name) = 0;
  /// Prevents copies of the packs (a backup) while packs are removed; null while a copy is made.
  virtual std::shared_ptr<void> lockForRemoval() = 0;
  struct Item {
    PackName name;
    std::uint64_t size = 0;
    std::int64_t modifiedAt = 0;  ///< milliseconds
  };
  /// What it names is durable.
  virtual void list(const std::function<void(const Item&)>& visit) = 0;
  /// Why it fails at the moment; empty: it does not.
  virtual std::string outage() { return {}; }
};

/// Prevents the removal of packs from a folder while the result exists. Waits for a removal that is in progress.
std::shared_ptr<void> keepPacks(const std::string& folder);

/// Packs below `folder`/packs, spool files in `folder`/tmp.
std::unique_ptr<Medium> openFolder(const std::string& folder);

/// Packs below packs/ of a bucket, spool files in `folder`/tmp. A new bucket gets an identifier in its object `place`.
/// Throws Error{unavailable} when the bucket cannot be used: what failed, why, and the next step.
std::unique_ptr<Medium> openBucket(BucketOptions options, const std::string& folder);

/// Keeps copies of what was read of another medium in files below `folder`, which it owns: at most `limit` bytes; 0:
/// removes them and returns the other medium.
std::unique_ptr<Medium> cacheReads(std::unique_ptr<Medium> medium, const std::string& folder, std::uint64_t limit);

}  // namespace regesta::blob
