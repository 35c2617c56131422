#include "blob/pack_rows.h"

#include "base/error.h"

namespace regesta::blob {

namespace {
constexpr std::size_t extentBytes = 8 + 4 + 4 + 8;
}

std::string writeExtents(const std::vector<IndexedExtent>& extents, std::int64_t own) {
  std::string out;
  auto put = [&](std::uint64_t number, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xFF);
  };
  for (const IndexedExtent& extent : extents) {
    put(static_cast<std::uint64_t>(extent.pack == 0 ? own : extent.pack), 8);
    put(extent.first, 4);
    put(extent.count, 4);
    put(extent.length, 8);
  }
  return out;
}

std::vector<IndexedExtent> readExtents(std::string_view bytes) {
  if (bytes.size() % extentBytes != 0)
    throw Error(Code::corrupt, "a row of blob_object is damaged: run regesta blob reindex");
  std::size_t at = 0;
  auto number = [&](std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    at += count;
    return value;
  };
  std::vector<IndexedExtent> extents(bytes.size() / extentBytes);
  for (IndexedExtent& extent : extents) {
    extent.pack = static_cast<std::int64_t>(number(8));
    extent.first = static_cast<std::uint32_t>(number(4));
    extent.count = static_cast<std::uint32_t>(number(4));
    extent.length = number(8);
  }
  return extents;
}

IndexedObject readObject(const db::Rows& rows) {
  return {rows.integer(0), rows.text(1), rows.text(2), static_cast<std::uint64_t>(rows.integer(3)),
          readExtents(rows.bytes(4))};
}

IndexedPack readPack(const db::Rows& rows) {
  return {rows.integer(0), rows.text(1), static_cast<std::uint64_t>(rows.integer(2)), rows.integer(3), rows.integer(4)};
}

}  // namespace regesta::blob
