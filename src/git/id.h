#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace regesta::git {

/// The SHA-1 that names an object. All zeros: no object, as on the wire.
struct Id {
  std::array<unsigned char, 20> bytes{};

  static std::optional<Id> parse(std::string_view hex);  ///< 40 lower-case hexadecimal digits
  static Id fromRaw(std::string_view raw);               ///< exactly 20 bytes
  std::string str() const;
  std::string_view raw() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  bool isNone() const { return *this == Id{}; }
  auto operator<=>(const Id&) const = default;
};

}  // namespace regesta::git

template <>
struct std::hash<regesta::git::Id> {
  std::size_t operator()(const regesta::git::Id& id) const noexcept {
    std::size_t value;
    std::memcpy(&value, id.bytes.data(), sizeof value);  // a digest is as good as its hash
    return value;
  }
};
