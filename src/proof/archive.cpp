#include "proof/archive.h"

#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "registry/tree.h"

namespace regesta::proof {
namespace {

constexpr std::uint32_t localMark = 0x04034b50, centralMark = 0x02014b50, endMark = 0x06054b50,
                        descriptorMark = 0x08074b50, end64Mark = 0x06064b50, locator64Mark = 0x07064b50;
constexpr std::size_t localSize = 30, centralSize = 46, endSize = 22, end64Size = 56, locator64Size = 20;
constexpr std::uint64_t directoryLimit = 64 * 1024 * 1024;
constexpr std::size_t extraLimit = 64;
constexpr std::uint32_t in64 = 0xffffffff;
constexpr unsigned hasDescriptor = 1 << 3, isUtf8Name = 1 << 11;
constexpr unsigned regularFile = 0100000, typeMask = 0170000;

template <class... Args>
Error fault(fmt::format_string<Args...> text, Args&&... args) {
  return Error(Code::corrupt, fmt::format(text, std::forward<Args>(args)...));
}

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t width) {
  if (at + width > bytes.size()) throw fault("the zip ends within a header");
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

void requireName(const std::string& name) {
  bool safe = false;
  try {
    safe = registry::safePath(name) == name;
  } catch (const Error&) {  // said below
  }
  if (!safe) throw fault("the zip has a member with the unsafe name '{}'", shorten(name, 80));
}

/// The sizes and the offset that a Zip64 field replaces, in the order of the fields that are full.
struct Sizes {
  std::uint64_t size = 0, packed = 0, offset = 0;
};
void readZip64(std::string_view extra, Sizes& sizes) {
  while (extra.size() >= 4) {
    std::uint64_t id = number(extra, 0, 2), length = number(extra, 2, 2);
    if (length > extra.size() - 4) throw fault("the zip has a malformed extra field");
    std::string_view field = extra.substr(4, length);
    extra.remove_prefix(4 + length);
    if (id != 1) continue;
    std::size_t at = 0;
    for (std::uint64_t* value : {&sizes.size, &sizes.packed, &sizes.offset})
      if (*value == in64) {
        *value = number(field, at, 8);
        at += 8;
      }
  }
}

}  // namespace

Archive::Archive(const std::string& file) : name_(file), handle_(file::openFile(file)) {
  if (!handle_) throw error(Code::notFound, "there is no file {}", file);
  std::error_code failure;
  length_ = std::filesystem::file_size(file, failure);
  if (failure) throw error(Code::invalid, "cannot read {}: {}", file, failure.message());
  readDirectory();
}

std::string Archive::bytes(std::uint64_t begin, std::uint64_t count) const {
  if (begin > length_ || count > length_ - begin) throw fault("the zip points outside of itself");
  std::string out(count, '\0');
  for (std::uint64_t done = 0; done < count;) {
    ssize_t got = ::pread(handle_.get(), out.data() + done, count - done, static_cast<off_t>(begin + done));
    if (got <= 0) throw error(Code::unavailable, "cannot read {}", name_);
    done += static_cast<std::uint64_t>(got);
  }
  return out;
}

void Archive::readDirectory() {
  if (length_ < endSize) throw fault("the file is not a zip");
  std::string end = bytes(length_ - endSize, endSize);
  if (number(end, 0, 4) != endMark) throw fault("the file does not end as a zip does, or has a comment");
  if (number(end, 4, 4) != 0 || number(end, 20, 2) != 0) throw fault("the zip has several parts or a comment");
  std::uint64_t count = number(end, 10, 2), size = number(end, 12, 4), begin = number(end, 16, 4);
  std::uint64_t after = length_ - endSize;
  if (count != number(end, 8, 2)) throw fault("the zip has several parts");
  if (after >= locator64Size + end64Size && number(bytes(after - locator64Size, 4), 0, 4) == locator64Mark) {
    after -= locator64Size + end64Size;
    std::string end64 = bytes(after, end64Size);
    if (number(end64, 0, 4) != end64Mark || number(end64, 4, 8) != end64Size - 12)
      throw fault("the zip has a malformed Zip64 end");
    count = number(end64, 32, 8);
    size = number(end64, 40, 8);
    begin = number(end64, 48, 8);
  }
  if (begin > after || size != after - begin || size > directoryLimit)
    throw fault("the zip has bytes between its members and its end that belong to neither");
  std::string text = bytes(begin, size);
  std::string_view directory = text;
  std::uint64_t offset = 0;
  for (; count > 0; --count) offset = readMember(directory, offset);
  if (!directory.empty()) throw fault("the zip lists more members than it counts");
  if (offset != begin) throw fault("the zip has bytes after its last member that belong to none");
}

/// Reads the next line of the directory and the member's own header at `offset`; returns the offset after it.
std::uint64_t Archive::readMember(std::string_view& directory, std::uint64_t offset) {
  if (directory.size() < centralSize || number(directory, 0, 4) != centralMark)
    throw fault("the zip counts more members than it lists");
  std::uint64_t nameSize = number(directory, 28, 2), extraSize = number(directory, 30, 2);
  if (directory.size() < centralSize + nameSize + extraSize) throw fault("the zip's central directory is truncated");
  std::string name(directory.substr(centralSize, nameSize));
  requireName(name);
  std::string_view extra = directory.substr(centralSize + nameSize, extraSize);
  Sizes sizes{number(directory, 24, 4), number(directory, 20, 4), number(directory, 42, 4)};
  readZip64(extra, sizes);
  unsigned flags = static_cast<unsigned>(number(directory, 8, 2));
  if ((flags & ~(hasDescriptor | isUtf8Name)) != 0 || number(directory, 10, 2) != 0 || sizes.size != sizes.packed)
    throw fault("the zip's member '{}' is compressed or encrypted, which members of a pack are not", name);
  if (number(directory, 32, 2) != 0 || extraSize > extraLimit)
    throw fault("the zip's member '{}' has a comment or more fields than a pack's members have", name);
  unsigned mode = static_cast<unsigned>(number(directory, 40, 2));
  if ((mode & typeMask) != regularFile && (mode & typeMask) != 0)
    throw fault("the zip's member '{}' is not a plain file", name);
  if (sizes.offset != offset) throw fault("the zip's member '{}' overlaps another or leaves a gap before it", name);
  std::string head = bytes(offset, localSize);
  std::uint64_t localExtra = number(head, 28, 2);
  if (number(head, 0, 4) != localMark || number(head, 26, 2) != nameSize || localExtra > extraLimit ||
      number(head, 6, 2) != flags || number(head, 8, 2) != 0 || bytes(offset + localSize, nameSize) != name)
    throw fault("the zip's member '{}' has another header than the list says", name);
  std::uint64_t begin = offset + localSize + nameSize + localExtra;
  if (begin > length_ || sizes.size > length_ - begin) throw fault("the zip's member '{}' is cut off", name);
  if (!members_.emplace(name, Place{begin, sizes.size}).second) throw fault("the zip has '{}' twice", name);
  std::uint64_t after = begin + sizes.size;
  if (flags & hasDescriptor) {
    // Sizes have eight bytes there if the local header announces Zip64.
    bool wide = localExtra >= 4 && number(bytes(begin - localExtra, 2), 0, 2) == 1;
    std::uint64_t width = wide ? 8 : 4;
    std::string tail = bytes(after, 8 + 2 * width);
    if (number(tail, 0, 4) != descriptorMark || number(tail, 4, 4) != number(directory, 16, 4) ||
        number(tail, 8, width) != sizes.size || number(tail, 8 + width, width) != sizes.size)
      throw fault("the zip's member '{}' does not end as the list says", name);
    after += tail.size();
  }
  directory.remove_prefix(centralSize + nameSize + extraSize);
  return after;
}

std::vector<std::string> Archive::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, place] : members_) paths.push_back(path);
  return paths;
}

std::uint64_t Archive::size(std::string_view path) const { return members_.find(path)->second.size; }

std::string Archive::read(std::string_view path, std::uint64_t limit) const {
  const Place& place = members_.find(path)->second;
  if (place.size > limit) throw error(Code::tooLarge, "'{}' has {} bytes; {} is the limit", path, place.size, limit);
  return bytes(place.begin, place.size);
}

std::string Archive::digest(std::string_view path) const {
  const Place& place = members_.find(path)->second;
  constexpr std::uint64_t piece = 1024 * 1024;
  crypto::Sha256 hash;
  for (std::uint64_t at = 0; at < place.size; at += piece)
    hash.update(bytes(place.begin + at, std::min(piece, place.size - at)));
  return crypto::hex(hash.finish());
}

}  // namespace regesta::proof
