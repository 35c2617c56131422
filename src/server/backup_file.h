#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace regesta::server {

/// One file of a backup; members describe the unencrypted content.
struct BackupItem {
  std::string path;  ///< inside the directory; bound to the content if that is encrypted
  std::uint64_t size = 0;
  std::string sha256;
};

using Moved = std::function<void(std::size_t bytes)>;

/// Reads a file in pieces and returns its description.
BackupItem describeFile(const std::string& path, const std::string& name,
                        const std::function<void(std::string_view)>& visit);

// Copy one file, readable only by its owner and durable when these return. `key` empty: unchanged; otherwise encrypted
// into a backup, and decrypted out of it (crypto/sealed_stream.h).
BackupItem copyIntoBackup(const std::string& from, const std::string& to, const std::string& name,
                          const std::string& key, const Moved& moved);
/// Throws Error{corrupt} for a file that was truncated, changed, or encrypted under another key.
BackupItem copyOutOfBackup(const std::string& from, const std::string& to, const std::string& name,
                           const std::string& key, const Moved& moved);
/// The content of a file that fits into memory.
std::string readOutOfBackup(const std::string& from, const std::string& name, const std::string& key);

}  // namespace regesta::server
