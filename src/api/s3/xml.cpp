#include "api/s3/xml.h"

#include <fmt/format.h>

#include "api/s3/fault.h"
#include "base/text.h"

namespace regesta::api::s3 {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t depthLimit = 8, elementLimit = 50'000;

void appendEscaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\r') {
      out += "&#13;";
    } else if (c < 0x20 && c != '\t' && c != '\n') {
      out += replacement;
    } else if (c == 0xEF && (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF")) {
      out += replacement;
      i += 2;
    } else {
      out += static_cast<char>(c);
    }
  }
}

bool isNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':';
}
bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void appendCodePoint(std::string& out, std::uint32_t point) {
  auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | (point >> 6)), put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | (point >> 12)), put(0x80 | ((point >> 6) & 0x3F)), put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | (point >> 18)), put(0x80 | ((point >> 12) & 0x3F)), put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  XmlElement document() {
    if (!isUtf8(text_)) refuse("is not UTF-8");
    spaces();
    if (skip("<?xml")) through("?>");
    between();
    if (!skip("<")) refuse("has no element");
    XmlElement root = element(1);
    between();
    if (at_ != text_.size()) refuse("goes on after its element");
    return root;
  }

 private:
  [[noreturn]] static void refuse(std::string_view why) { throw fault("MalformedXML", "the document {}", why); }

  bool skip(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void spaces() {
    while (at_ < text_.size() && isSpace(text_[at_])) ++at_;
  }
  void through(std::string_view end) {
    std::size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) refuse("ends too early");
    at_ = found + end.size();
  }
  /// Between elements of the top level.
  void between() {
    for (spaces(); skip("<!--"); spaces()) through("-->");
  }

  std::string_view name() {
    std::size_t from = at_;
    while (at_ < text_.size() && isNameCharacter(text_[at_])) ++at_;
    std::string_view found = text_.substr(from, at_ - from);
    if (found.empty()) refuse("contains something other than elements and text");
    return found;
  }
  static std::string_view local(std::string_view name) { return name.substr(name.rfind(':') + 1); }

  /// After '<'.
  XmlElement element(std::size_t depth) {
    if (depth > depthLimit || ++elements_ > elementLimit) refuse("has too many elements");
    std::string_view tag = name();
    XmlElement made{std::string(local(tag)), {}, {}};
    for (spaces(); !skip(">"); spaces()) {
      if (skip("/>")) return made;
      attribute();
    }
    for (;;) {
      if (at_ >= text_.size()) refuse("ends too early");
      if (skip("<!--")) {
        through("-->");
      } else if (skip("</")) {
        if (name() != tag) refuse("has an end tag that does not match its start tag");
        spaces();
        if (!skip(">")) refuse("ends too early");
        return made;
      } else if (skip("<")) {
        made.children.push_back(element(depth + 1));
      } else {
        character(made.text);
      }
    }
  }

  void attribute() {
    name();
    spaces();
    if (!skip("=")) refuse("has an attribute without a value");
    spaces();
    char quote = at_ < text_.size() ? text_[at_++] : '\0';
    if (quote != '"' && quote != '\'') refuse("has an attribute without quotes");
    through(std::string_view(&quote, 1));
  }

  void character(std::string& into) {
    char c = text_[at_++];
    if (c != '&') {
      into += c;
      return;
    }
    std::size_t end = text_.find(';', at_);
    if (end == std::string_view::npos || end - at_ > 10) refuse("has an '&' that begins no entity");
    std::string_view entity = text_.substr(at_, end - at_);
    at_ = end + 1;
    if (entity == "amp") return void(into += '&');
    if (entity == "lt") return void(into += '<');
    if (entity == "gt") return void(into += '>');
    if (entity == "quot") return void(into += '"');
    if (entity == "apos") return void(into += '\'');
    if (!entity.starts_with('#')) refuse("has an unknown entity");
    bool hex = entity.starts_with("#x");
    std::uint32_t point = 0;
    std::string_view digits = entity.substr(hex ? 2 : 1);
    for (char digit : digits) {
      int value = digit >= '0' && digit <= '9'          ? digit - '0'
                  : hex && digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                  : hex && digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                                        : -1;
      if (value < 0) refuse("has a broken character reference");
      point = point * (hex ? 16 : 10) + static_cast<std::uint32_t>(value);
      if (point > 0x10FFFF) refuse("has a broken character reference");
    }
    if (digits.empty() || point == 0 || (point >= 0xD800 && point < 0xE000)) refuse("has a broken character reference");
    appendCodePoint(into, point);
  }

  std::string_view text_;
  std::size_t at_ = 0, elements_ = 0;
};

}  // namespace

XmlWriter::XmlWriter(std::string& out) : out_(out) { out_ += xmlDeclaration; }

XmlWriter& XmlWriter::open(std::string_view name) {
  fmt::format_to(std::back_inserter(out_), "<{}>", name);
  open_.push_back(name);
  return *this;
}

XmlWriter& XmlWriter::root(std::string_view name) {
  fmt::format_to(std::back_inserter(out_), "<{} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", name);
  open_.push_back(name);
  return *this;
}

XmlWriter& XmlWriter::close() {
  fmt::format_to(std::back_inserter(out_), "</{}>", open_.back());
  open_.pop_back();
  return *this;
}

XmlWriter& XmlWriter::text(std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(out_), "<{}>", name);
  appendEscaped(out_, value);
  fmt::format_to(std::back_inserter(out_), "</{}>", name);
  return *this;
}

XmlWriter& XmlWriter::number(std::string_view name, std::int64_t value) { return text(name, std::to_string(value)); }

const XmlElement* XmlElement::child(std::string_view wanted) const {
  for (const XmlElement& one : children)
    if (one.name == wanted) return &one;
  return nullptr;
}

std::string XmlElement::childText(std::string_view wanted) const {
  const XmlElement* found = child(wanted);
  return found ? found->text : std::string();
}

XmlElement parseXml(std::string_view document) { return Reader(document).document(); }

}  // namespace regesta::api::s3
