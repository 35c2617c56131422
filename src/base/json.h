#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace regesta {

namespace json = boost::json;

/// Parses JSON text from outside. NaN, Infinity and comments are refused, nesting is limited (limits::jsonDepth), the
/// text must be valid UTF-8. Throws Error{invalid} that says where the fault is. `storage` is where the tree lives.
json::value parseJson(std::string_view text, json::storage_ptr storage = {});

/// RFC 8785 canonical form: members sorted by UTF-16 code units, ECMAScript numbers. For whatever is hashed or signed.
/// Whole numbers outside ±2^53 are written in full (RFC 8785 would round them), NaN and infinities are refused.
std::string canonicalJson(const json::value& value);

/// Compact JSON in the members' own order. Doubles are written as appendJsonDouble does ("9.0", not Boost's "9E0").
std::string writeJson(const json::value& value);

/// The member as it is when it is a text; empty when it is missing or anything else.
std::string memberText(const json::object& object, std::string_view name);
/// The member when it is a whole number that fits; 0 when it is missing or anything else.
std::int64_t memberInteger(const json::object& object, std::string_view name);
/// The member when it is an object; an empty one when it is missing or anything else.
const json::object& memberObject(const json::object& object, std::string_view name);
/// The same for an array.
const json::array& memberArray(const json::object& object, std::string_view name);

/// The text; null if it is empty.
json::value textOrNull(std::string_view text);

/// Appends `text` as a JSON string with its quotes.
void appendJsonString(std::string& out, std::string_view text);
/// Appends the shortest text that reads back as the same double; NaN and infinities as MLflow writes them, as strings.
void appendJsonDouble(std::string& out, double value);

/// Writes JSON straight into a string, without a tree. Commas are its business; matching brackets is the caller's.
///   JsonWriter w(out); w.object(); w.key("name").text(x); w.key("n").number(3); w.end();
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  JsonWriter& object() { return open('{'); }
  JsonWriter& array() { return open('['); }
  JsonWriter& end();
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& number(std::int64_t value);
  JsonWriter& real(double value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// `value` is already JSON.
  JsonWriter& raw(std::string_view value);

 private:
  JsonWriter& open(char bracket);
  void separate();
  std::string& out_;
  std::string closers_;
  bool first_ = true;
  bool afterKey_ = false;
};

}  // namespace regesta
