#include "git/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

namespace regesta::git {

MappedFile::MappedFile(const std::string& path) {
  file::Handle handle = file::openFile(path);
  struct stat facts{};
  if (!handle || fstat(handle.get(), &facts) != 0) throw error(Code::unavailable, "{} cannot be read", path);
  size_ = static_cast<std::size_t>(facts.st_size);
  if (size_ == 0) return;
  void* mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, handle.get(), 0);
  if (mapped == MAP_FAILED) file::fail("read", path);
  data_ = static_cast<char*>(mapped);
}

MappedFile::~MappedFile() {
  if (data_) munmap(data_, size_);
}

}  // namespace regesta::git
