#include "api/shape.h"

#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace regesta::api {
namespace {

/// Where in the request we are: a list on the stack that becomes text only when something is wrong.
struct Where {
  const Where* outer = nullptr;
  std::string_view name;
  std::size_t index = 0;

  std::string path() const {
    std::string prefix = outer ? outer->path() : std::string();
    if (name.empty()) return fmt::format("{}[{}]", prefix, index);
    return prefix.empty() ? std::string(name) : fmt::format("{}.{}", prefix, name);
  }
};

[[noreturn]] void fail(const Where& where, const Rule& rule, std::string what, const json::value& got) {
  std::string shown = rule.secret ? std::string() : shorten(writeJson(got), 200);
  throw Invalid(where.path(), std::move(what), std::move(shown));
}

std::string wordList(const Rule& rule) {
  std::string out = "must be one of ";
  for (std::size_t i = 0; i < rule.wordCount; ++i) out += (i == 0 ? "" : ", ") + std::string(rule.words[i]);
  return out;
}

/// Limits of a text's or list's size, or of a number, in words.
void checkRange(std::int64_t measure, const Where& where, const Rule& rule, const json::value& got,
                std::string_view unit) {
  if (measure < rule.least) fail(where, rule, fmt::format("must be at least {}{}", rule.least, unit), got);
  if (measure > rule.most) fail(where, rule, fmt::format("must be at most {}{}", rule.most, unit), got);
}

bool isUnknownWord(const json::value& value, const Rule& rule) {
  if (!rule.words || !value.is_string() || value.get_string().empty()) return false;
  return std::none_of(rule.words, rule.words + rule.wordCount,
                      [&](std::string_view word) { return word == value.get_string(); });
}

void readText(std::string& out, const json::value& value, const Where& where, const Rule& rule) {
  if (rule.words && value.is_int64()) {
    auto number = value.get_int64();
    if (number < 1 || static_cast<std::size_t>(number) > rule.wordCount) fail(where, rule, wordList(rule), value);
    out = rule.words[number - 1];
    return;
  }
  if (!value.is_string()) fail(where, rule, "must be a string", value);
  const json::string& text = value.get_string();
  if (isUnknownWord(value, rule)) fail(where, rule, wordList(rule), value);
  checkRange(static_cast<std::int64_t>(text.size()), where, rule, value, " bytes");
  out.assign(text.data(), text.size());
}

std::optional<std::int64_t> wholeNumber(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_double() && std::floor(value.get_double()) == value.get_double() &&
      std::abs(value.get_double()) < 9.2e18)
    return static_cast<std::int64_t>(value.get_double());
  if (value.is_string()) return parseInteger(value.get_string());
  return std::nullopt;
}

std::int64_t readInteger(const json::value& value, const Where& where, const Rule& rule, int width) {
  auto number = wholeNumber(value);
  if (!number) fail(where, rule, "must be a whole number", value);
  if (width == 32 && (*number > INT32_MAX || *number < INT32_MIN)) fail(where, rule, "must fit in 32 bits", value);
  checkRange(*number, where, rule, value, "");
  return *number;
}

double readReal(const json::value& value, const Where& where, const Rule& rule) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (value.is_string()) {
    std::string_view text = value.get_string();
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
    if (auto number = parseDouble(text)) return *number;
  }
  fail(where, rule, "must be a number", value);
}

bool readBoolean(const json::value& value, const Where& where, const Rule& rule) {
  if (value.is_bool()) return value.get_bool();
  if (value.is_string() && equalsIgnoreCase(value.get_string(), "true")) return true;
  if (value.is_string() && equalsIgnoreCase(value.get_string(), "false")) return false;
  fail(where, rule, "must be true or false", value);
}

std::string camel(std::string_view snake) {
  std::string out;
  for (std::size_t i = 0; i < snake.size(); ++i) {
    if (snake[i] == '_' && i + 1 < snake.size())
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(snake[++i])));
    else
      out += snake[i];
  }
  return out;
}

class Reader {
 public:
  explicit Reader(const Manner& manner) : manner_(manner) {}

  void read(const Shape& shape, void* target, const json::value& value, const Where& where, const Rule& rule) {
    switch (shape.sort) {
      case Sort::text:
        readText(*static_cast<std::string*>(target), value, where, rule);
        break;
      case Sort::boolean:
        *static_cast<bool*>(target) = readBoolean(value, where, rule);
        break;
      case Sort::integer: {
        auto number = readInteger(value, where, rule, shape.width);
        if (shape.width == 32)
          *static_cast<std::int32_t*>(target) = static_cast<std::int32_t>(number);
        else
          *static_cast<std::int64_t*>(target) = number;
        break;
      }
      case Sort::real:
        *static_cast<double*>(target) = readReal(value, where, rule);
        break;
      case Sort::raw:
        static_cast<RawJson*>(target)->text = writeJson(value);
        break;
      case Sort::map:
        readMap(*static_cast<TextMap*>(target), value, where, rule);
        break;
      case Sort::list:
        readList(shape, target, value, where, rule);
        break;
      case Sort::object:
        readObject(shape, target, value, where, rule);
        break;
      case Sort::maybe:
        read(*shape.item, shape.grow(target), value, where, rule);
        break;
    }
  }

  void readObject(const Shape& shape, void* target, const json::value& value, const Where& where, const Rule& rule) {
    if (!value.is_object()) fail(where, rule, "must be an object", value);
    const json::object& object = value.get_object();
    for (const Field& field : shape.fields) {
      Where here{where.name.empty() && !where.outer ? nullptr : &where, field.name};
      const json::value* member = find(object, field.name);
      if (!member || member->is_null()) {
        if (field.rule.required || field.rule.present) throw Invalid(here.path(), "is required");
        continue;
      }
      if (field.rule.required && member->is_string() && member->get_string().empty())
        throw Invalid(here.path(), "is required");
      if (manner_.skipUnknownWords && !field.rule.required && isUnknownWord(*member, field.rule)) continue;
      read(*field.shape, field.get(target), *member, here, field.rule);
    }
    if (manner_.forbidUnknown) refuseUnknown(shape, object, where);
  }

 private:
  const json::value* find(const json::object& object, std::string_view name) const {
    if (const json::value* member = object.if_contains(name)) return member;
    return manner_.camelCase && name.find('_') != std::string_view::npos ? object.if_contains(camel(name)) : nullptr;
  }

  void readList(const Shape& shape, void* target, const json::value& value, const Where& where, const Rule& rule) {
    if (!value.is_array()) {
      if (value.is_object()) fail(where, rule, "must be a list", value);
      read(*shape.item, shape.grow(target), value, where, {});  // ?stages=a is a list of one
      return;
    }
    const json::array& items = value.get_array();
    checkRange(static_cast<std::int64_t>(items.size()), where, rule, value, " items");
    shape.reserve(target, items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      Where here{&where, {}, i};
      Rule itemRule;
      itemRule.words = rule.words, itemRule.wordCount = rule.wordCount;
      read(*shape.item, shape.grow(target), items[i], here, itemRule);
    }
  }

  void readMap(TextMap& out, const json::value& value, const Where& where, const Rule& rule) {
    if (!value.is_object()) fail(where, rule, "must be an object of strings", value);
    for (const auto& [key, item] : value.get_object()) {
      Where here{&where, key};
      if (!item.is_string()) fail(here, rule, "must be a string", item);
      out.emplace(key, std::string_view(item.get_string()));
    }
  }

  void refuseUnknown(const Shape& shape, const json::object& object, const Where& where) const {
    for (const auto& [key, value] : object) {
      bool known = std::any_of(shape.fields.begin(), shape.fields.end(), [&](const Field& f) { return f.name == key; });
      if (known) continue;
      std::vector<std::string> names;
      for (const Field& f : shape.fields) names.emplace_back(f.name);
      auto near = nearest(key, names);
      Where here{where.name.empty() && !where.outer ? nullptr : &where, key};
      throw Invalid(here.path(),
                    near ? fmt::format("is not a known field; did you mean {}?", *near) : "is not a known field");
    }
  }

  const Manner& manner_;
};

class Writer {
 public:
  Writer(std::string& out, const Manner& manner) : out_(out), manner_(manner) {}

  void write(const Shape& shape, const void* from) {
    switch (shape.sort) {
      case Sort::text:
        appendJsonString(out_, *static_cast<const std::string*>(from));
        break;
      case Sort::boolean:
        out_ += *static_cast<const bool*>(from) ? "true" : "false";
        break;
      case Sort::integer:
        fmt::format_to(
            std::back_inserter(out_), "{}",
            shape.width == 32 ? *static_cast<const std::int32_t*>(from) : *static_cast<const std::int64_t*>(from));
        break;
      case Sort::real:
        appendJsonDouble(out_, *static_cast<const double*>(from));
        break;
      case Sort::raw:
        out_ += static_cast<const RawJson*>(from)->text;
        break;
      case Sort::map:
        writeMap(*static_cast<const TextMap*>(from));
        break;
      case Sort::list:
        writeList(shape, from);
        break;
      case Sort::object:
        writeObject(shape, from);
        break;
      case Sort::maybe:
        write(*shape.item, shape.at(from, 0));
        break;
    }
  }

 private:
  bool absent(const Shape& shape, const void* from) const {
    if (shape.sort == Sort::maybe) {
      if (shape.count(from) == 0) return true;
      return absent(*shape.item, shape.at(from, 0));
    }
    if (shape.sort == Sort::raw) return static_cast<const RawJson*>(from)->text.empty();
    if (!manner_.omitEmptyLists) return false;
    if (shape.sort == Sort::map) return static_cast<const TextMap*>(from)->empty();
    return shape.sort == Sort::list && shape.count(from) == 0;
  }

  void writeObject(const Shape& shape, const void* from) {
    out_ += '{';
    bool first = true;
    for (const Field& field : shape.fields) {
      const void* member = field.get(const_cast<void*>(from));  // get() only adds an offset
      if (absent(*field.shape, member)) continue;
      if (!std::exchange(first, false)) out_ += ',';
      out_ += '"';
      out_ += field.name;
      out_ += "\":";
      write(*field.shape, member);
    }
    out_ += '}';
  }

  void writeList(const Shape& shape, const void* from) {
    out_ += '[';
    std::size_t count = shape.count(from);
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      write(*shape.item, shape.at(from, i));
    }
    out_ += ']';
  }

  void writeMap(const TextMap& map) {
    JsonWriter w(out_);
    w.object();
    for (const auto& [key, value] : map) w.key(key).text(value);
    w.end();
  }

  std::string& out_;
  const Manner& manner_;
};

}  // namespace

void readShape(const Shape& shape, void* target, const json::value& value, const Manner& manner) {
  Reader(manner).read(shape, target, value, Where{}, {});
}

void writeShape(const Shape& shape, const void* object, std::string& out, const Manner& manner) {
  Writer(out, manner).write(shape, object);
}

}  // namespace regesta::api
