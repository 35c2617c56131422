#include "prompt/template/mustache.h"

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "base/text.h"

namespace regesta::prompt {
namespace {

using Kind = MustacheNode::Kind;

bool isNameByte(unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c >= 0x80; }

/// "name", "user.name", "."; for partials also what a selector may hold.
bool isName(std::string_view text, bool partial) {
  return !text.empty() && text.size() <= limits::nameLength && std::ranges::all_of(text, [&](unsigned char c) {
    return isNameByte(c) ||
           (partial && std::string_view("/@^~*+<>= ").find(static_cast<char>(c)) != std::string_view::npos);
  });
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { open_.push_back({}); }

  Mustache parse() {
    while (at_ < text_.size()) {
      std::size_t tag = text_.find(opener_, at_);
      if (tag == std::string_view::npos) break;
      std::size_t next = readTag(tag);
      if (next == std::string_view::npos) break;
      at_ = next;
    }
    addText(text_.size());
    while (open_.size() > 1) {
      fault(open_.back().node.offset, fmt::format("section '{}' is not closed", open_.back().node.text));
      closeSection(text_.size());
    }
    out_.nodes = std::move(open_[0].node.children);
    return std::move(out_);
  }

 private:
  struct Open {
    MustacheNode node;
  };

  void fault(std::size_t offset, std::string message) {
    if (out_.faults.size() < limits::problems) out_.faults.push_back({placeOf(text_, offset), std::move(message)});
  }
  std::vector<MustacheNode>& siblings() { return open_.back().node.children; }

  /// The text from `textFrom_` up to `end`.
  void addText(std::size_t end) {
    if (end > textFrom_)
      siblings().push_back(
          {.text = text_.substr(textFrom_, end - textFrom_), .offset = textFrom_, .length = end - textFrom_});
    textFrom_ = end;
  }

  /// Reads the tag at `tag`; returns where to go on looking for the next.
  std::size_t readTag(std::size_t tag) {
    std::size_t inside = tag + opener_.size();
    char mark = inside < text_.size() ? text_[inside] : '\0';
    bool standard = opener_ == "{{";
    std::string_view closer = closer_;
    std::string equals = "=" + std::string(closer_);
    if (standard && mark == '{') closer = "}}}";
    if (mark == '=') closer = equals;
    bool marked = mark != '\0' && std::string_view("#^/>!&={").find(mark) != std::string_view::npos;
    if (mark == '{' && !standard) marked = false;
    std::size_t start = inside + (marked ? 1 : 0);
    std::size_t close = findCloser(closer, start);
    if (close == std::string_view::npos) {
      fault(tag, fmt::format("'{}' is not closed", opener_));
      return std::string_view::npos;
    }
    std::size_t end = close + closer.size();
    std::string_view content = trim(text_.substr(start, close - start));
    return take({.text = content, .offset = tag, .length = end - tag}, marked ? mark : '\0');
  }

  /// The next closing tag from `start` on. Cached: text with only opening tags would take quadratic time otherwise.
  std::size_t findCloser(std::string_view closer, std::size_t start) {
    auto [known, fresh] = closers_.try_emplace(std::string(closer), 0);
    bool holds = !fresh && known->second >= start && known->second != 0;
    if (!holds) known->second = text_.find(closer, start);
    return known->second;
  }

  std::size_t take(MustacheNode node, char mark) {
    std::size_t end = node.offset + node.length;
    if (mark == '!') return place(std::move(node), Kind::comment, true);
    if (mark == '=') return setDelimiters(node);
    if (!isName(node.text, mark == '>')) return literal(node);
    switch (mark) {
      case '#':
      case '^':
        return openSection(std::move(node), mark == '#' ? Kind::section : Kind::inverted);
      case '/':
        return endSection(node);
      case '>':
        return place(std::move(node), Kind::partial, false);
      default:
        node.plain = mark == '\0';
        addText(node.offset);
        node.kind = Kind::variable;
        siblings().push_back(std::move(node));
        textFrom_ = end;
        return end;
    }
  }

  /// Not a tag: it stays text, and the search continues after its opening delimiter.
  std::size_t literal(const MustacheNode& node) {
    if (out_.literals.size() < limits::problems)
      out_.literals.push_back({placeOf(text_, node.offset), shorten(text_.substr(node.offset, node.length), 60)});
    return node.offset + opener_.size();
  }

  /// Whether the tag is standalone (alone on its line); the line is then removed, and `end` moves after it.
  bool isStandalone(std::size_t start, std::size_t& end, std::size_t& lineStart) const {
    lineStart = start;
    while (lineStart > 0 && (text_[lineStart - 1] == ' ' || text_[lineStart - 1] == '\t')) --lineStart;
    if (lineStart > 0 && text_[lineStart - 1] != '\n') return false;
    if (lineStart < textFrom_) return false;  // another tag precedes it on the line
    std::size_t after = end;
    while (after < text_.size() && (text_[after] == ' ' || text_[after] == '\t')) ++after;
    if (after < text_.size() && text_[after] == '\r') ++after;
    if (after < text_.size() && text_[after] != '\n') return false;
    end = std::min(after + 1, text_.size());
    return true;
  }

  /// A tag that prints nothing itself: comments, sections, delimiters. Partials stay where they are, to the byte.
  void cut(const MustacheNode& node, bool alone) {
    std::size_t end = node.offset + node.length, lineStart = node.offset;
    if (alone && isStandalone(node.offset, end, lineStart)) {
      addText(lineStart);
    } else {
      addText(node.offset);
      end = node.offset + node.length;
    }
    textFrom_ = end;
  }

  std::size_t place(MustacheNode node, Kind kind, bool alone) {
    cut(node, alone);
    node.kind = kind;
    siblings().push_back(std::move(node));
    return textFrom_;
  }

  std::size_t openSection(MustacheNode node, Kind kind) {
    cut(node, true);
    node.kind = kind;
    if (open_.size() > limits::templateDepth) {
      fault(node.offset, fmt::format("sections nest deeper than {}", limits::templateDepth));
      return std::string_view::npos;
    }
    open_.push_back({std::move(node)});
    return textFrom_;
  }

  std::size_t endSection(const MustacheNode& node) {
    cut(node, true);
    if (open_.size() == 1)
      fault(node.offset, fmt::format("closes section '{}', which is not open", node.text));
    else if (open_.back().node.text != node.text)
      fault(node.offset, fmt::format("closes section '{}' where '{}' is open", node.text, open_.back().node.text));
    else
      closeSection(node.offset + node.length);
    return textFrom_;
  }
  void closeSection(std::size_t end) {
    MustacheNode section = std::move(open_.back().node);
    open_.pop_back();
    section.length = end - section.offset;
    siblings().push_back(std::move(section));
  }

  std::size_t setDelimiters(const MustacheNode& node) {
    cut(node, true);
    std::size_t space = node.text.find_first_of(" \t\n");
    std::string_view first = node.text.substr(0, space);
    std::string_view second = space == std::string_view::npos ? "" : trim(node.text.substr(space));
    if (first.empty() || second.empty() || first.find('=') != std::string_view::npos ||
        second.find_first_of("= \t\n") != std::string_view::npos) {
      fault(node.offset, "delimiters are set as {{=<% %>=}}");
      return textFrom_;
    }
    opener_ = first;
    closer_ = second;
    out_.changesDelimiters = true;
    return textFrom_;
  }

  std::string_view text_;
  std::string_view opener_ = "{{", closer_ = "}}";
  std::size_t at_ = 0, textFrom_ = 0;
  std::vector<Open> open_;
  std::map<std::string, std::size_t> closers_;
  Mustache out_;
};

}  // namespace

Mustache parseMustache(std::string_view text) { return Parser(text).parse(); }

}  // namespace regesta::prompt
