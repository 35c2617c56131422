#pragma once
#include <string>
#include <string_view>

namespace regesta::git {

/// The bytes of a file of our own, as the kernel pages them in. The file must not shrink meanwhile.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);  ///< throws Error{unavailable}
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const { return {data_, size_}; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace regesta::git
