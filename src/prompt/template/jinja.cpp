#include "prompt/template/jinja.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "base/text.h"
#include "prompt/template/places.h"

namespace regesta::prompt {
namespace {

struct Token {
  enum class Kind { name, text, number, sign } kind = Kind::sign;
  std::string_view text;
  std::size_t offset = 0;
};

bool startsName(unsigned char c) { return std::isalpha(c) || c == '_' || c >= 0x80; }

std::vector<Token> tokensOf(std::string_view inside, std::size_t offset) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < inside.size();) {
    auto c = static_cast<unsigned char>(inside[i]);
    std::size_t start = i;
    if (std::isspace(c)) {
      ++i;
      continue;
    }
    if (startsName(c)) {
      while (i < inside.size() && (startsName(static_cast<unsigned char>(inside[i])) || std::isdigit(inside[i]))) ++i;
      tokens.push_back({Token::Kind::name, inside.substr(start, i - start), offset + start});
    } else if (std::isdigit(c)) {
      while (i < inside.size() && (std::isalnum(static_cast<unsigned char>(inside[i])) || inside[i] == '.')) ++i;
      tokens.push_back({Token::Kind::number, inside.substr(start, i - start), offset + start});
    } else if (c == '"' || c == '\'') {
      for (++i; i < inside.size() && inside[i] != static_cast<char>(c); ++i)
        if (inside[i] == '\\') ++i;
      i = std::min(i + 1, inside.size());
      tokens.push_back({Token::Kind::text, inside.substr(start, i - start), offset + start});
    } else {
      bool two = i + 1 < inside.size() && inside[i + 1] == '=' &&
                 std::string_view("=!<>").find(inside[i]) != std::string_view::npos;
      i += two ? 2 : 1;
      tokens.push_back({Token::Kind::sign, inside.substr(start, i - start), offset + start});
    }
  }
  return tokens;
}

bool oneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool isWord(std::string_view name) {
  return oneOf(name, {"and",    "or",      "not",   "in",        "is",      "if",     "else",   "true",   "false",
                      "none",   "True",    "False", "None",      "loop",    "self",   "super",  "caller", "varargs",
                      "kwargs", "range",   "dict",  "namespace", "cycler",  "joiner", "lipsum", "debug",  "recursive",
                      "ignore", "missing", "with",  "without",   "context", "import", "as"});
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text), places_(text) { scopes_.emplace_back(); }

  TemplateScan scan() {
    for (std::size_t at = text_.find('{'); at != std::string_view::npos; at = text_.find('{', at)) {
      std::size_t next = tag(at);
      if (next == std::string_view::npos) break;
      at = next;
    }
    for (const Block& block : blocks_) fault(block.offset, fmt::format("'{}' is not closed", block.name));
    return std::move(out_);
  }

 private:
  struct Block {
    std::string name;
    std::size_t offset = 0;
    bool guards = false;
    bool scope = false;
  };

  void fault(std::size_t offset, std::string message) {
    if (out_.faults.size() < limits::problems) out_.faults.push_back({placeOf(text_, offset), std::move(message)});
  }

  std::size_t tag(std::size_t at) {
    if (at + 1 >= text_.size()) return std::string_view::npos;
    char mark = text_[at + 1];
    if (mark != '{' && mark != '%' && mark != '#') return at + 1;
    std::string closer = mark == '{' ? "}}" : mark == '%' ? "%}" : "#}";
    std::size_t close = endOfTag(at + 2, closer, mark == '#');
    if (close == std::string_view::npos) {
      fault(at, fmt::format("'{{{}' is not closed", mark));
      return std::string_view::npos;
    }
    std::string_view inside = text_.substr(at + 2, close - at - 2);
    std::size_t offset = at + 2;
    if (inside.starts_with('-') || inside.starts_with('+')) inside.remove_prefix(1), ++offset;
    if (inside.ends_with('-') || inside.ends_with('+')) inside.remove_suffix(1);
    if (mark == '{') expression(tokensOf(inside, offset), guarded());
    if (mark == '%') return statement(tokensOf(inside, offset), at, close + 2);
    return close + 2;
  }

  /// The closer outside of quotes.
  std::size_t endOfTag(std::size_t from, std::string_view closer, bool comment) const {
    if (comment) return text_.find(closer, from);
    char quote = '\0';
    for (std::size_t i = from; i < text_.size(); ++i) {
      char c = text_[i];
      if (quote) {
        if (c == '\\')
          ++i;
        else if (c == quote)
          quote = '\0';
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (text_.substr(i, 2) == closer) {
        return i;
      }
    }
    return std::string_view::npos;
  }

  bool guarded() const { return std::ranges::any_of(blocks_, &Block::guards); }
  bool isLocal(std::string_view name) const {
    return std::ranges::any_of(scopes_, [&](const auto& scope) { return scope.contains(name); });
  }
  void bring(std::string_view name) { scopes_.back().emplace(name); }

  /// Uses of outside names in an expression. `conditional`: all of them are.
  void expression(const std::vector<Token>& tokens, bool conditional, std::size_t from = 0) {
    // "a if b else c": any of them may be missing.
    conditional |=
        std::any_of(tokens.begin() + static_cast<std::ptrdiff_t>(from), tokens.end(),
                    [](const Token& token) { return token.kind == Token::Kind::name && token.text == "if"; });
    for (std::size_t i = from; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      if (token.kind != Token::Kind::name || isWord(token.text) || isLocal(token.text)) continue;
      std::string_view before = i > from ? tokens[i - 1].text : "";
      std::string_view after = i + 1 < tokens.size() ? tokens[i + 1].text : "";
      if (before == "." || before == "|" || before == "is") continue;               // attribute, filter, test
      if (before == "not" && i > from + 1 && tokens[i - 2].text == "is") continue;  // a test, too
      if (after == "=") continue;                                                   // a keyword argument
      out_.variables.push_back(
          {std::string(token.text), places_.at(token.offset), conditional || isOptional(tokens, i), false});
    }
  }

  /// "x is defined", "x | default(…)": the template works without x.
  static bool isOptional(const std::vector<Token>& tokens, std::size_t i) {
    auto text = [&](std::size_t at) { return at < tokens.size() ? tokens[at].text : std::string_view(); };
    if (text(i + 1) == "is" && (oneOf(text(i + 2), {"defined", "undefined", "none"}) || text(i + 2) == "not"))
      return true;
    return text(i + 1) == "|" && oneOf(text(i + 2), {"default", "d"});
  }

  /// Returns where to go on.
  std::size_t statement(const std::vector<Token>& tokens, std::size_t at, std::size_t end) {
    if (tokens.empty()) return end;
    std::string_view word = tokens[0].text;
    if (word == "raw") return afterRaw(at, end);
    if (word == "for") return forLoop(tokens, at), end;
    if (word == "set") return set(tokens, at), end;
    if (word == "with") return with(tokens, at), end;
    if (word == "macro" || word == "call") return macro(tokens, at), end;
    if (word == "import" || word == "from") return import(tokens), end;
    if (word == "include") return include(tokens, at, end), end;
    if (word.starts_with("end")) return close(word.substr(3), at), end;
    if (word == "if") {
      open({.name = "if", .offset = at, .guards = true});
      expression(tokens, true, 1);
    } else if (word == "elif") {
      expression(tokens, true, 1);
    } else if (word == "block" || word == "filter" || word == "autoescape") {
      open({.name = std::string(word), .offset = at});
    } else if (word != "else" && word != "extends") {
      expression(tokens, guarded(), 1);
    }
    return end;
  }

  void open(Block block) {
    if (blocks_.size() >= limits::templateDepth) {
      if (blocks_.size() == limits::templateDepth)
        fault(block.offset, fmt::format("blocks nest deeper than {}", limits::templateDepth));
    }
    if (block.scope) scopes_.emplace_back();
    blocks_.push_back(std::move(block));
  }

  void close(std::string_view name, std::size_t at) {
    if (blocks_.empty() || blocks_.back().name != name) {
      fault(at, blocks_.empty() ? fmt::format("'end{}' closes nothing", name)
                                : fmt::format("'end{}' stands where '{}' is open", name, blocks_.back().name));
      return;
    }
    if (blocks_.back().scope) scopes_.pop_back();
    blocks_.pop_back();
  }

  void forLoop(const std::vector<Token>& tokens, std::size_t at) {
    std::size_t in = 1;
    while (in < tokens.size() && tokens[in].text != "in") ++in;
    expression(tokens, guarded(), std::min(in + 1, tokens.size()));
    open({.name = "for", .offset = at, .guards = true, .scope = true});
    for (std::size_t i = 1; i < in && i < tokens.size(); ++i)
      if (tokens[i].kind == Token::Kind::name) bring(tokens[i].text);
  }

  void set(const std::vector<Token>& tokens, std::size_t at) {
    std::size_t equals = 1;
    while (equals < tokens.size() && tokens[equals].text != "=") ++equals;
    bool block = equals == tokens.size();
    if (!block) expression(tokens, guarded(), equals + 1);
    for (std::size_t i = 1; i < equals; ++i)
      if (tokens[i].kind == Token::Kind::name && (i == 1 || tokens[i - 1].text == ",")) bring(tokens[i].text);
    if (block) open({.name = "set", .offset = at});
  }

  void with(const std::vector<Token>& tokens, std::size_t at) {
    expression(tokens, guarded(), 1);  // "a = b": the name before '=' is not a use
    open({.name = "with", .offset = at, .scope = true});
    for (std::size_t i = 1; i + 1 < tokens.size(); ++i)
      if (tokens[i].kind == Token::Kind::name && tokens[i + 1].text == "=") bring(tokens[i].text);
  }

  void macro(const std::vector<Token>& tokens, std::size_t at) {
    bool named = tokens[0].text == "macro";
    if (named && tokens.size() > 1) bring(tokens[1].text);
    if (!named) expression(tokens, guarded(), 1);
    open({.name = std::string(tokens[0].text), .offset = at, .guards = true, .scope = true});
    for (std::size_t i = 2; named && i < tokens.size(); ++i)
      if (tokens[i].kind == Token::Kind::name && oneOf(tokens[i - 1].text, {"(", ","})) bring(tokens[i].text);
  }

  void import(const std::vector<Token>& tokens) {
    for (std::size_t i = 1; i < tokens.size(); ++i)
      if (tokens[i].kind == Token::Kind::name && !isWord(tokens[i].text)) bring(tokens[i].text);
  }

  void include(const std::vector<Token>& tokens, std::size_t at, std::size_t end) {
    if (tokens.size() != 2 || tokens[1].kind != Token::Kind::text || tokens[1].text.size() < 3) {
      fault(at, "include takes the name of a prompt in quotes");
      return;
    }
    std::string_view name = tokens[1].text.substr(1, tokens[1].text.size() - 2);
    std::size_t sign = name.find('@');
    out_.partials.push_back({.name = std::string(trim(name.substr(0, sign))),
                             .selector = sign == std::string_view::npos ? "" : std::string(trim(name.substr(sign + 1))),
                             .offset = at,
                             .length = end - at,
                             .place = places_.at(at)});
  }

  std::size_t afterRaw(std::size_t at, std::size_t end) {
    for (std::size_t tag = text_.find("{%", end); tag != std::string_view::npos; tag = text_.find("{%", tag + 2)) {
      std::size_t close = text_.find("%}", tag);
      if (close == std::string_view::npos) break;
      std::string_view inside = text_.substr(tag + 2, close - tag - 2);
      if (inside.size() > 40) continue;
      std::vector<Token> tokens = tokensOf(inside, 0);
      std::erase_if(tokens, [](const Token& token) { return token.kind == Token::Kind::sign; });
      if (tokens.size() == 1 && tokens[0].text == "endraw") return close + 2;
    }
    fault(at, "'raw' is not closed");
    return std::string_view::npos;
  }

  std::string_view text_;
  Places places_;
  std::vector<Block> blocks_;
  std::vector<std::set<std::string, std::less<>>> scopes_;
  TemplateScan out_;
};

}  // namespace

TemplateScan scanJinja(std::string_view text) { return Scanner(text).scan(); }

}  // namespace regesta::prompt
