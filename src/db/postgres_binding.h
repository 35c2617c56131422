#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "db/database.h"
#include "db/value_check.h"

namespace regesta::db {

/// Parameters in PostgreSQL's binary form: exact for every double, and text needs no copy with a NUL after it.
struct Binding {
  using Oid = unsigned;
  static constexpr Oid unknownType = 0, byteaType = 17, integerType = 20, textType = 25, realType = 701;
  static constexpr Oid nullTypes[] = {unknownType, integerType, realType, textType, byteaType};  // as in Param::Null

  explicit Binding(Params params) {
    std::size_t count = params.size();
    numbers.reserve(count);
    types.reserve(count);
    values.reserve(count);
    lengths.reserve(count);
    for (const Param& param : params) add(param);
    formats.assign(count, 1);
  }

  void add(const Param& param) {
    const Value& value = param.value;
    if (auto* number = std::get_if<std::int64_t>(&value)) {
      addNumber(integerType, std::bit_cast<std::uint64_t>(*number));
    } else if (auto* real = std::get_if<double>(&value)) {
      addNumber(realType, std::bit_cast<std::uint64_t>(*real));
    } else if (auto* text = std::get_if<std::string_view>(&value)) {
      requireStorableText(*text);
      addBytes(textType, *text);
    } else if (auto* blob = std::get_if<Bytes>(&value)) {
      addBytes(byteaType, blob->bytes);
    } else {
      types.push_back(nullTypes[static_cast<std::size_t>(param.null)]);
      values.push_back(nullptr);
      lengths.push_back(0);
    }
  }

  void addNumber(Oid type, std::uint64_t bits) {
    numbers.push_back(std::byteswap(bits));  // network order
    addBytes(type, {reinterpret_cast<const char*>(&numbers.back()), sizeof bits});
  }

  void addBytes(Oid type, std::string_view bytes) {
    if (bytes.size() > 1'000'000'000) throw Error(Code::tooLarge, "a value is too large for the database");
    types.push_back(type);
    values.push_back(bytes.data() == nullptr ? "" : bytes.data());  // a null pointer would bind NULL
    lengths.push_back(static_cast<int>(bytes.size()));
  }

  /// Copies text and bytes of the caller, for a statement that is sent later.
  void own() {
    std::size_t size = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (borrowed(i)) size += static_cast<std::size_t>(lengths[i]);
    copies.reset(new char[size + 1]);
    char* at = copies.get();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!borrowed(i)) continue;
      values[i] = static_cast<const char*>(std::memcpy(at, values[i], static_cast<std::size_t>(lengths[i])));
      at += lengths[i];
    }
    copied += size;
  }

  bool borrowed(std::size_t i) const { return values[i] != nullptr && (types[i] == textType || types[i] == byteaType); }

  std::size_t copied = 0;  ///< bytes
  std::unique_ptr<char[]> copies;
  std::vector<std::uint64_t> numbers;
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
};
static_assert(std::endian::native == std::endian::little);

}  // namespace regesta::db
