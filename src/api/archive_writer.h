#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace regesta::api {

/// Writes an archive piece by piece: tar with pax headers (POSIX.1-2001), as it is or packed with gzip, or zip without
/// compression (APPNOTE 6.3, with Zip64 where sizes need it). Holds no more than a piece. One thread at a time.
class ArchiveWriter {
 public:
  enum class Format { tar, tarGzip, zip };
  /// Every entry gets the time `seconds` and mode 0644, so that equal files make equal archives.
  ArchiveWriter(Format format, std::int64_t seconds);
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;
  ~ArchiveWriter();

  /// Begins a file; exactly `size` bytes must follow by write(). `path` is relative UTF-8.
  void file(const std::string& path, std::uint64_t size);
  void write(std::string_view bytes);
  void finish();
  /// The bytes of the archive since the last call.
  std::string take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::api
