#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace regesta::blob {

/// Lower-case hex SHA-256 of the whole content: the public name of a blob.
using Digest = std::string;
bool isDigest(std::string_view text);

struct Stored {
  Digest digest;
  std::uint64_t size = 0;
};

/// Takes the bytes of one blob in order. Nothing is visible before commit(); a writer that is dropped leaves nothing.
class Writer {
 public:
  virtual ~Writer() = default;
  virtual void write(std::string_view bytes) = 0;
  /// Ends the content and returns its digest; nothing is durable yet. No write() may follow.
  virtual const Digest& finish() = 0;
  /// Makes the blob durable and visible, once. Storing the same content again is cheap and harmless.
  virtual Stored commit() = 0;
};

/// Reads one blob. Not thread-safe; several readers of one blob may be open.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual std::uint64_t size() const = 0;
  /// Fills as much of `into` as there is from `offset`; 0 at the end. Throws Error{corrupt} for bytes that are not
  /// there or not what was stored; content that is read from its beginning to its end is compared with its digest
  /// before the last piece is returned.
  virtual std::size_t read(std::uint64_t offset, std::span<char> into) = 0;
};

/// Content-addressed bytes. Thread-safe. Durability order: content first, then the caller's reference to it.
/// Throws Error{unavailable} when the medium fails (full disk, read-only, network).
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual std::unique_ptr<Writer> create() = 0;
  /// Null when there is no such blob.
  virtual std::unique_ptr<Reader> open(std::string_view digest) = 0;
  virtual bool has(std::string_view digest) = 0;
  /// True when it was there. Callers make sure that nothing refers to it.
  virtual bool remove(std::string_view digest) = 0;
  /// Visits every stored blob, in no order.
  virtual void list(const std::function<void(const Stored&)>& visit) = 0;
  /// Why this server cannot read content that the database lists until the setting blobs is corrected; empty: it can.
  virtual std::string misplaced() { return {}; }
  /// Why the medium fails at the moment; empty: it does not.
  virtual std::string outage() { return {}; }
  /// How many bytes of a blob are stored once for it and `other`; 0 when one of them is absent.
  virtual std::uint64_t sharedBytes(std::string_view digest, std::string_view other) = 0;
};

Stored put(BlobStore& store, std::string_view bytes);
/// Throws Error{notFound} when missing and Error{tooLarge} above `limit`.
std::string get(BlobStore& store, std::string_view digest, std::uint64_t limit);
/// Reads the blob whole and compares it with its name.
bool verify(BlobStore& store, std::string_view digest);

/// Whole objects below `folder`/ab/cd…; written to a temporary file, fsynced, renamed, folder fsynced.
std::unique_ptr<BlobStore> openLocal(const std::string& folder);

}  // namespace regesta::blob
