#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace regesta::proof {

/// Reads the zip of a pack strictly: members stored without compression, one after the other without gaps, each once,
/// under safe relative names. So every program sees the same members, and no member is larger than the file.
class Archive {
 public:
  /// Throws Error{corrupt} that says what is wrong and where. The file must stay as it is.
  explicit Archive(const std::string& file);

  std::vector<std::string> paths() const;
  bool has(std::string_view path) const { return members_.contains(path); }
  std::uint64_t size(std::string_view path) const;
  /// Throws Error{tooLarge} above `limit`.
  std::string read(std::string_view path, std::uint64_t limit) const;
  /// SHA-256 as hexadecimal.
  std::string digest(std::string_view path) const;

 private:
  struct Place {
    std::uint64_t begin = 0, size = 0;
  };
  std::string bytes(std::uint64_t begin, std::uint64_t count) const;
  void readDirectory();
  std::uint64_t readMember(std::string_view& directory, std::uint64_t offset);

  std::string name_;
  file::Handle handle_;
  std::uint64_t length_ = 0;
  std::map<std::string, Place, std::less<>> members_;
};

}  // namespace regesta::proof
