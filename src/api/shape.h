#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json.h"

namespace regesta::api {

/// Types are described once, as data; ordinary functions use the data to read, validate, write, document and generate
/// values (shape.cpp, openapi.cpp). Types and routes add no code to them: 300 routes compile in seconds.
///
///   struct Metric {
///     std::string key;
///     double value = 0;
///     std::int64_t timestamp = 0, step = 0;
///     static constexpr Field fields[] = {
///         field<&Metric::key>("key", required | atMost(250)), field<&Metric::value>("value", required),
///         field<&Metric::timestamp>("timestamp", required | atLeast(0)), field<&Metric::step>("step")};
///   };
///
/// A request type may also have `static constexpr std::string_view documentation`: what its operations do beyond their
/// summaries.

/// Constraints of a field's value. Text is measured in bytes, lists in items, numbers by value.
struct Rule {
  bool required = false;  ///< not absent or null; text not empty
  bool present = false;   ///< not absent or null; text may be empty
  bool secret = false;    ///< never logged or echoed in an error
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::string_view* words = nullptr;  ///< allowed words; a number is the position of a word, from 1
  std::size_t wordCount = 0;
  std::string_view about = {};  ///< one line for the documentation

  constexpr Rule operator|(const Rule& o) const {
    Rule r = *this;
    r.required |= o.required;
    r.present |= o.present;
    r.secret |= o.secret;
    if (o.least != Rule().least) r.least = o.least;
    if (o.most != Rule().most) r.most = o.most;
    if (o.words) r.words = o.words, r.wordCount = o.wordCount;
    if (!o.about.empty()) r.about = o.about;
    return r;
  }
};

inline constexpr Rule required{.required = true};
inline constexpr Rule present{.present = true};
inline constexpr Rule secret{.secret = true};
constexpr Rule atLeast(std::int64_t n) { return {.least = n}; }
constexpr Rule atMost(std::int64_t n) { return {.most = n}; }
constexpr Rule about(std::string_view text) { return {.about = text}; }
template <std::size_t N>
constexpr Rule oneOf(const std::string_view (&words)[N]) {
  return {.words = words, .wordCount = N};
}

/// JSON passed through unparsed: in requests any value, in responses JSON text.
struct RawJson {
  std::string text;  ///< empty: absent
};
/// Written as a bare JSON number or string, for clients that expect another form than the stored one.
using TextMap = std::map<std::string, std::string>;

enum class Sort { text, boolean, integer, real, raw, map, list, object, maybe };

struct Field;
struct Shape {
  Sort sort;
  std::string_view name = {};          ///< of an object type as C++ writes it; OpenAPI makes "mlflow.Metric" of it
  std::span<const Field> fields = {};  ///< object
  const Shape* item = nullptr;         ///< list, maybe
  void* (*grow)(void*) = nullptr;      ///< list: append one, maybe: emplace; returns the new item
  void (*reserve)(void*, std::size_t) = nullptr;
  std::size_t (*count)(const void*) = nullptr;  ///< list: items, maybe: 0 or 1
  const void* (*at)(const void*, std::size_t) = nullptr;
  int width = 64;                       ///< integer: 32 or 64 bits
  std::size_t size = 0, align = 0;      ///< of the C++ type, so that a test finds undescribed members
  std::string_view documentation = {};  ///< of an object type that has a member of this name
};

struct Field {
  std::string_view name;
  const Shape* shape;
  void* (*get)(void*);
  Rule rule;
};

namespace detail {

template <class T>
constexpr std::string_view typeName() {
  std::string_view text = __PRETTY_FUNCTION__;
  text = text.substr(text.find("T = ") + 4);
  return text.substr(0, text.find_first_of(";]"));
}

template <class T>
constexpr std::string_view documentationOf() {
  if constexpr (requires { T::documentation; })
    return T::documentation;
  else
    return {};
}

template <class T>
struct ShapeOf {
  static constexpr Shape value{.sort = Sort::object,
                               .name = typeName<T>(),
                               .fields = T::fields,
                               .size = sizeof(T),
                               .align = alignof(T),
                               .documentation = documentationOf<T>()};
};
template <>
struct ShapeOf<std::string> {
  static constexpr Shape value{.sort = Sort::text, .size = sizeof(std::string), .align = alignof(std::string)};
};
template <>
struct ShapeOf<bool> {
  static constexpr Shape value{.sort = Sort::boolean, .size = sizeof(bool), .align = alignof(bool)};
};
template <>
struct ShapeOf<std::int64_t> {
  static constexpr Shape value{.sort = Sort::integer, .size = sizeof(std::int64_t), .align = alignof(std::int64_t)};
};
template <>
struct ShapeOf<std::int32_t> {
  static constexpr Shape value{
      .sort = Sort::integer, .width = 32, .size = sizeof(std::int32_t), .align = alignof(std::int32_t)};
};
template <>
struct ShapeOf<double> {
  static constexpr Shape value{.sort = Sort::real, .size = sizeof(double), .align = alignof(double)};
};
template <>
struct ShapeOf<RawJson> {
  static constexpr Shape value{.sort = Sort::raw, .size = sizeof(RawJson), .align = alignof(RawJson)};
};
template <>
struct ShapeOf<TextMap> {
  static constexpr Shape value{.sort = Sort::map, .size = sizeof(TextMap), .align = alignof(TextMap)};
};
template <class T>
struct ShapeOf<std::vector<T>> {
  using List = std::vector<T>;
  static constexpr Shape value{
      .sort = Sort::list,
      .item = &ShapeOf<T>::value,
      .grow = [](void* list) -> void* { return &static_cast<List*>(list)->emplace_back(); },
      .reserve = [](void* list, std::size_t n) { static_cast<List*>(list)->reserve(n); },
      .count = [](const void* list) { return static_cast<const List*>(list)->size(); },
      .at = [](const void* list, std::size_t i) -> const void* { return &(*static_cast<const List*>(list))[i]; },
      .size = sizeof(List),
      .align = alignof(List)};
};
template <class T>
struct ShapeOf<std::optional<T>> {
  using Maybe = std::optional<T>;
  static constexpr Shape value{
      .sort = Sort::maybe,
      .item = &ShapeOf<T>::value,
      .grow = [](void* maybe) -> void* { return &static_cast<Maybe*>(maybe)->emplace(); },
      .count =
          [](const void* maybe) { return static_cast<std::size_t>(static_cast<const Maybe*>(maybe)->has_value()); },
      .at = [](const void* maybe, std::size_t) -> const void* { return &**static_cast<const Maybe*>(maybe); },
      .size = sizeof(Maybe),
      .align = alignof(Maybe)};
};

template <class>
struct Member;
template <class C, class T>
struct Member<T C::*> {
  using Class = C;
  using Type = T;
};

}  // namespace detail

template <class T>
inline constexpr const Shape& shapeOf = detail::ShapeOf<T>::value;

template <auto pointer>
constexpr Field field(std::string_view name, Rule rule = {}) {
  using M = detail::Member<decltype(pointer)>;
  return {name, &detail::ShapeOf<typename M::Type>::value,
          [](void* object) -> void* { return &(static_cast<typename M::Class*>(object)->*pointer); }, rule};
}

/// A front's options for reading and writing values; see Dialect in endpoint.h.
struct Manner {
  bool forbidUnknown = false;     ///< an unknown member is an error that suggests the nearest known one
  bool camelCase = false;         ///< read "runId" if "run_id" is absent (protobuf JSON)
  bool omitEmptyLists = false;    ///< omit empty lists and maps in responses (protobuf JSON)
  bool skipUnknownWords = false;  ///< a word that an optional field does not know counts as absent (protobuf JSON)
};

/// Reads `value` into the object at `target`. Throws Invalid with the field's path. Converts scalars if
/// no information is lost: "12" and 12.0 are whole numbers, "true" is a boolean, "NaN" and "Infinity" are doubles.
void readShape(const Shape& shape, void* target, const json::value& value, const Manner& manner);
/// Appends the object as JSON without absent optionals and empty RawJson members.
void writeShape(const Shape& shape, const void* object, std::string& out, const Manner& manner);

template <class T>
T readAs(const json::value& value, const Manner& manner = {}) {
  T result;
  readShape(shapeOf<T>, &result, value, manner);
  return result;
}
template <class T>
std::string writeAs(const T& object, const Manner& manner = {}) {
  std::string out;
  writeShape(shapeOf<T>, &object, out, manner);
  return out;
}

}  // namespace regesta::api
