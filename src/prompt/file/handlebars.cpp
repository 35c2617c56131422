#include "prompt/file/handlebars.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "prompt/file/front_matter.h"

namespace regesta::prompt::file {
namespace {

/// One piece of the body: text, or the content of a tag.
struct Piece {
  bool tag = false;
  std::string_view text;
  std::size_t line = 0;
};

std::vector<Piece> piecesOf(std::string_view body) {
  std::vector<Piece> pieces;
  std::size_t line = 0;
  auto add = [&](bool tag, std::string_view text, std::string_view whole) {
    pieces.push_back({tag, text, line});
    line += static_cast<std::size_t>(std::ranges::count(whole, '\n'));
  };
  while (!body.empty()) {
    std::size_t open = body.find("{{");
    if (open != 0) {
      std::string_view text = body.substr(0, open);
      add(false, text, text);
      body.remove_prefix(text.size());
      continue;
    }
    bool comment = body.starts_with("{{!--");
    std::string_view end = comment ? "--}}" : body.starts_with("{{{") ? "}}}" : "}}";
    std::size_t close = body.find(end);
    if (close == std::string_view::npos) throw HandlebarsFault{line, "has a {{ that no }} closes"};
    std::size_t skip = end == "}}}" ? 3 : 2;
    std::string_view whole = body.substr(0, close + end.size());
    add(true, comment ? "!" : trim(body.substr(skip, close - skip)), whole);
    body.remove_prefix(whole.size());
  }
  return pieces;
}

std::vector<std::string_view> wordsOf(std::string_view tag) {
  std::vector<std::string_view> words;
  for (std::string_view word : split(tag, ' '))
    if (!trim(word).empty()) words.push_back(trim(word));
  return words;
}

bool isName(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '.' || c == '-' || c >= 0x80;
  });
}

/// Whether a tag needs more than mustache has.
bool isHelper(std::string_view tag) {
  return tag.starts_with('#') || tag.starts_with('/') || tag.starts_with('@') || tag.starts_with("../") ||
         tag.starts_with("json ") || tag.starts_with("this") || tag == "else";
}

class Translator {
 public:
  HandlebarsBody translate(std::string_view body) {
    std::vector<Piece> pieces = piecesOf(body);
    if (std::ranges::any_of(pieces, [](const Piece& piece) { return piece.tag && isHelper(piece.text); }))
      out_.format = TemplateFormat::jinja2;
    for (const Piece& piece : pieces) {
      line_ = piece.line;
      if (piece.tag)
        tag(piece.text);
      else
        text(piece.text);
    }
    if (!open_.empty()) fail(fmt::format("does not close {{{{#{}}}}}", open_.back()));
    finish();
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(std::string message) const { throw HandlebarsFault{line_, std::move(message)}; }
  bool jinja() const { return out_.format == TemplateFormat::jinja2; }

  void text(std::string_view text) {
    if (out_.messages.empty() || !out_.messages.back().placeholder.empty()) {
      if (trim(text).empty() && !out_.messages.empty()) return;
      begin({});
    }
    out_.messages.back().content += text;
  }
  void begin(Message message) {
    finish();
    out_.messages.push_back(std::move(message));
    out_.lines.push_back(line_);
  }
  /// Blank lines around a message are the file's, not the message's.
  void finish() {
    if (out_.messages.empty()) return;
    std::string& content = out_.messages.back().content;
    std::string_view shown = trimmedBody(content);
    if (!shown.empty()) {
      std::string_view before = std::string_view(content).substr(0, content.find(shown));
      out_.lines.back() += static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    }
    content = std::string(shown);
    bool empty = content.empty() && out_.messages.back().role.empty() && out_.messages.back().placeholder.empty();
    if (empty) out_.messages.pop_back(), out_.lines.pop_back();
  }

  void tag(std::string_view tag) {
    std::vector<std::string_view> words = wordsOf(tag);
    if (tag.starts_with('!') || words.empty()) return;
    if (words[0] == "role" && words.size() == 2) return role(words[1]);
    if (tag == "history") return begin({.placeholder = "history"});
    if (tag.starts_with('>')) return text(fmt::format("{{{{> {}}}}}", trim(tag.substr(1))));
    if (tag.starts_with('#')) return openBlock(words);
    if (tag.starts_with('/')) return closeBlock(trim(tag.substr(1)));
    if (tag == "else") return text("{% else %}");
    if (words[0] == "json" && words.size() == 2) return text(fmt::format("{{{{ {} | tojson }}}}", name(words[1])));
    if (words.size() > 1) fail(fmt::format("uses the helper '{}', which is not supported", shorten(words[0], 40)));
    text(jinja() ? fmt::format("{{{{ {} }}}}", name(words[0])) : fmt::format("{{{{{}}}}}", name(words[0])));
  }

  void role(std::string_view quoted) {
    if (quoted.size() < 3 || quoted.front() != quoted.back() || (quoted.front() != '"' && quoted.front() != '\''))
      fail("has a {{role}} without a name in quotes");
    begin({.role = std::string(quoted.substr(1, quoted.size() - 2))});
  }

  /// What a name means at this place: within each, the item's members come first.
  std::string name(std::string_view word) const {
    if (!jinja()) {
      if (!isName(word)) fail(fmt::format("has the expression '{}', which is not supported", shorten(word, 40)));
      return std::string(word);
    }
    bool each = std::ranges::find(open_, "each") != open_.end();
    if (word == "@index") return "loop.index0";
    if (word == "@first") return "loop.first";
    if (word == "@last") return "loop.last";
    if (each && (word == "this" || word == ".")) return "item";
    if (each && word.starts_with("this.")) return fmt::format("item.{}", word.substr(5));
    if (word.starts_with("../")) return std::string(word.substr(3));
    if (!isName(word)) fail(fmt::format("has the expression '{}', which is not supported", shorten(word, 40)));
    return each ? fmt::format("item.{}", word) : std::string(word);
  }

  void openBlock(const std::vector<std::string_view>& words) {
    std::string_view helper = words[0].substr(1);
    if (words.size() != 2 || (helper != "if" && helper != "unless" && helper != "each"))
      fail(fmt::format("uses the helper '#{}', which is not supported", shorten(helper, 40)));
    std::string subject = name(words[1]);
    if (helper == "if") text(fmt::format("{{% if {} %}}", subject));
    if (helper == "unless") text(fmt::format("{{% if not {} %}}", subject));
    if (helper == "each") {
      if (std::ranges::find(open_, "each") != open_.end()) fail("has an each within an each, which is not supported");
      text(fmt::format("{{% for item in {} %}}", subject));
    }
    open_.emplace_back(helper);
  }
  void closeBlock(std::string_view helper) {
    if (open_.empty() || open_.back() != helper) fail(fmt::format("closes {{{{/{}}}}} where it is not open", helper));
    text(helper == "each" ? "{% endfor %}" : "{% endif %}");
    open_.pop_back();
  }

  HandlebarsBody out_;
  std::vector<std::string> open_;
  std::size_t line_ = 0;
};

}  // namespace

HandlebarsBody readHandlebars(std::string_view body) { return Translator().translate(body); }

}  // namespace regesta::prompt::file
