#include "base/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <boost/json/basic_parser_impl.hpp>

#include "base/error.h"
#include "base/json_budget.h"
#include "base/limits.h"
#include "base/limits_edge.h"
#include "base/text.h"

namespace regesta {
namespace {

/// UTF-16 code unit order differs from byte order only between U+E000..U+FFFF and the supplementary planes.
bool utf16Less(std::string_view a, std::string_view b) {
  std::size_t n = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i) {
    auto x = static_cast<unsigned char>(a[i]);
    auto y = static_cast<unsigned char>(b[i]);
    if (x == y) continue;
    bool xSupplementary = x >= 0xF0, ySupplementary = y >= 0xF0;
    if (xSupplementary != ySupplementary && std::min(x, y) >= 0xEE) return xSupplementary;
    return x < y;
  }
  return a.size() < b.size();
}

/// ECMAScript Number::toString, which RFC 8785 prescribes.
void appendEcmaDouble(std::string& out, double value) {
  if (value == 0) {
    out += '0';
    return;
  }
  char text[40];
  auto [end, failure] = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  std::string_view shown(text, static_cast<std::size_t>(end - text));
  if (shown[0] == '-') {
    out += '-';
    shown.remove_prefix(1);
  }
  std::size_t e = shown.find('e');
  int exponent = 0;
  std::string_view exponentText = shown.substr(e + 1);
  if (exponentText[0] == '+') exponentText.remove_prefix(1);
  std::from_chars(exponentText.data(), exponentText.data() + exponentText.size(), exponent);
  std::string digits(1, shown[0]);
  if (e > 1) digits += shown.substr(2, e - 2);
  int count = static_cast<int>(digits.size());
  int point = exponent + 1;  // number of digits before the decimal point
  if (count <= point && point <= 21) {
    out += digits + std::string(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out += digits.substr(0, static_cast<std::size_t>(point)) + "." + digits.substr(static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else {
    out += digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    out += fmt::format("e{}{}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
}

void appendCanonical(std::string& out, const json::value& value);

void appendCanonicalObject(std::string& out, const json::object& object) {
  std::vector<const json::key_value_pair*> members;
  for (const auto& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return utf16Less(a->key(), b->key()); });
  out += '{';
  for (const auto* member : members) {
    if (member != members.front()) out += ',';
    appendJsonString(out, member->key());
    out += ':';
    appendCanonical(out, member->value());
  }
  out += '}';
}

void appendCanonical(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      return;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case json::kind::int64:
      out += std::to_string(value.get_int64());
      return;
    case json::kind::uint64:
      out += std::to_string(value.get_uint64());
      return;
    case json::kind::double_:
      if (!std::isfinite(value.get_double())) throw Error(Code::invalid, "canonical JSON has no NaN and no infinity");
      appendEcmaDouble(out, value.get_double());
      return;
    case json::kind::string:
      appendJsonString(out, value.get_string());
      return;
    case json::kind::array: {
      out += '[';
      bool first = true;
      for (const json::value& item : value.get_array()) {
        if (!std::exchange(first, false)) out += ',';
        appendCanonical(out, item);
      }
      out += ']';
      return;
    }
    case json::kind::object:
      appendCanonicalObject(out, value.get_object());
      return;
  }
}

void appendPlain(std::string& out, const json::value& value) {
  bool first = true;
  if (const json::object* object = value.if_object()) {
    out += '{';
    for (const auto& [key, member] : *object) {
      if (!std::exchange(first, false)) out += ',';
      appendJsonString(out, key);
      out += ':';
      appendPlain(out, member);
    }
    out += '}';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (const json::value& item : *array) {
      if (!std::exchange(first, false)) out += ',';
      appendPlain(out, item);
    }
    out += ']';
  } else if (const double* real = value.if_double()) {
    appendJsonDouble(out, *real);
  } else {
    appendCanonical(out, value);
  }
}

/// Builds the tree as Boost's own parser does, except for doubles: Boost.JSON 1.81 rounds some of them by one unit in
/// the last place, and a metric must come back as it was sent. The number's text is at hand here, so from_chars reads
/// it.
class TreeBuilder {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  explicit TreeBuilder(json::storage_ptr storage) { stack_.reset(std::move(storage)); }
  void allow(std::size_t mostValues) { mostValues_ = mostValues; }
  json::value release() { return stack_.release(); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t n, json::error_code& failure) {
    if (n > limits::jsonMembers || !counts(failure)) return refuse(failure);
    return stack_.push_object(n), true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t n, json::error_code& failure) {
    return counts(failure) && (stack_.push_array(n), true);
  }
  bool on_key_part(json::string_view text, std::size_t, json::error_code&) { return stack_.push_chars(text), true; }
  bool on_key(json::string_view text, std::size_t, json::error_code&) { return stack_.push_key(text), true; }
  bool on_string_part(json::string_view text, std::size_t, json::error_code&) { return stack_.push_chars(text), true; }
  bool on_string(json::string_view text, std::size_t, json::error_code& failure) {
    return counts(failure) && (stack_.push_string(text), true);
  }
  bool on_number_part(json::string_view text, json::error_code&) {
    return number_.append(text.data(), text.size()), true;
  }
  bool on_int64(std::int64_t value, json::string_view, json::error_code& failure) {
    return counts(failure) && (number_.clear(), stack_.push_int64(value), true);
  }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code& failure) {
    return counts(failure) && (number_.clear(), stack_.push_uint64(value), true);
  }
  bool on_double(double value, json::string_view text, json::error_code& refusal) {
    if (!counts(refusal)) return false;
    number_.append(text.data(), text.size());
    double exact = 0;
    auto [end, failure] = std::from_chars(number_.data(), number_.data() + number_.size(), exact);
    number_.clear();
    return stack_.push_double(failure == std::errc() ? exact : value), true;  // out of range: Boost's 0 or infinity
  }
  bool on_bool(bool value, json::error_code& failure) { return counts(failure) && (stack_.push_bool(value), true); }
  bool on_null(json::error_code& failure) { return counts(failure) && (stack_.push_null(), true); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  bool refused() const { return refused_; }

 private:
  /// Each value takes tens of bytes of memory, however few bytes of text it is.
  bool counts(json::error_code& failure) { return ++values_ <= mostValues_ || refuse(failure); }
  bool refuse(json::error_code& failure) {
    refused_ = true;
    failure = json::error::exception;
    return false;
  }

  json::value_stack stack_;
  std::string number_;
  std::size_t values_ = 0, mostValues_ = limits::jsonValues;
  bool refused_ = false;
};

}  // namespace

namespace {

json::value parseWithin(std::string_view text, json::storage_ptr storage, std::size_t mostValues) {
  if (!isUtf8(text)) throw Error(Code::invalid, "the JSON text is not valid UTF-8");
  json::parse_options options;
  options.max_depth = limits::jsonDepth;
  json::error_code failure;
  json::basic_parser<TreeBuilder> parser(options, std::move(storage));
  parser.handler().allow(mostValues);
  std::size_t used = parser.write_some(false, text.data(), text.size(), failure);
  if (parser.handler().refused())
    throw error(Code::tooLarge, "the JSON text has more than {} values, or an object with more than {} members",
                mostValues, limits::jsonMembers);
  if (failure || used < text.size())
    throw error(Code::invalid, "not valid JSON near byte {}: {}", used,
                failure ? failure.message() : "something follows the value");
  return parser.handler().release();
}

}  // namespace

json::value parseJson(std::string_view text, json::storage_ptr storage) {
  return parseWithin(text, std::move(storage), limits::jsonValues);
}

json::value parseLargeJson(std::string_view text, std::size_t mostValues) { return parseWithin(text, {}, mostValues); }

std::string canonicalJson(const json::value& value) {
  std::string out;
  appendCanonical(out, value);
  return out;
}

std::string writeJson(const json::value& value) {
  std::string out;
  appendPlain(out, value);
  return out;
}

json::value textOrNull(std::string_view text) { return text.empty() ? json::value(nullptr) : json::value(text); }

std::string memberText(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

const json::object& memberObject(const json::object& object, std::string_view name) {
  static const json::object none;
  const json::value* found = object.if_contains(name);
  return found && found->is_object() ? found->get_object() : none;
}

const json::array& memberArray(const json::object& object, std::string_view name) {
  static const json::array none;
  const json::value* found = object.if_contains(name);
  return found && found->is_array() ? found->get_array() : none;
}

std::int64_t memberInteger(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  if (!found || !found->is_number()) return 0;
  boost::system::error_code unfit;
  std::int64_t number = found->is_double() ? 0 : found->to_number<std::int64_t>(unfit);
  return unfit ? 0 : number;
}

void appendJsonString(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += fmt::format("\\u{:04x}", c);
    }
  }
  out.append(text, plain);
  out += '"';
}

void appendJsonDouble(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    char text[40];
    auto [end, failure] = std::to_chars(text, text + sizeof text, value);
    std::string_view shown(text, static_cast<std::size_t>(end - text));
    out += shown;
    if (shown.find_first_of(".e") == std::string_view::npos) out += ".0";
  }
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  closers_ += bracket == '{' ? '}' : ']';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end() {
  REGESTA_INVARIANT(!closers_.empty());
  out_ += closers_.back();
  closers_.pop_back();
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  appendJsonString(out_, name);
  out_ += ':';
  afterKey_ = true;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  appendJsonString(out_, value);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  separate();
  char text[24];
  auto [end, failure] = std::to_chars(text, text + sizeof text, value);
  out_.append(text, end);
  return *this;
}

JsonWriter& JsonWriter::real(double value) {
  separate();
  appendJsonDouble(out_, value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view value) {
  separate();
  out_ += value;
  return *this;
}

void JsonWriter::separate() {
  if (std::exchange(afterKey_, false)) return;
  if (!std::exchange(first_, false)) out_ += ',';
}

}  // namespace regesta
