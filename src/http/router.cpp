#include "http/router.h"

#include <algorithm>
#include <forward_list>
#include <map>
#include <span>
#include <unordered_map>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"

namespace regesta::http {
namespace {

constexpr std::size_t maxSegments = 256;  // matching {name...} in the middle of a pattern tries every length

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

/// One segment of a pattern: "literal", "{name}", "prefix{name}suffix" or "{name...}".
struct Segment {
  std::string prefix;  ///< the whole text of a literal
  std::string name;    ///< empty: a literal
  std::string suffix;
  bool rest = false;
};

Segment parseSegment(std::string_view text, std::string_view pattern) {
  std::size_t open = text.find('{');
  if (open == std::string_view::npos) return {std::string(text), {}, {}, false};
  std::size_t close = text.find('}', open);
  if (close == std::string_view::npos) throw error(Code::internal, "route {}: a brace is not closed", pattern);
  std::string_view name = text.substr(open + 1, close - open - 1);
  Segment segment{std::string(text.substr(0, open)), {}, std::string(text.substr(close + 1)), false};
  if (name.ends_with("...")) {
    segment.rest = true;
    name.remove_suffix(3);
  }
  segment.name = name;
  bool affixed = !segment.prefix.empty() || !segment.suffix.empty();
  if (name.empty() || (segment.rest && affixed))
    throw error(Code::internal, "route {}: {} is not a variable", pattern, text);
  return segment;
}

/// "/a/b" → {"a","b"}; a trailing slash gives a last empty segment; "/" gives one empty segment.
void splitPath(std::string_view path, std::vector<std::string_view>& into) {
  into.clear();
  if (!path.empty()) path.remove_prefix(1);
  for (std::size_t from = 0;;) {
    std::size_t at = path.find('/', from);
    into.push_back(path.substr(from, at == std::string_view::npos ? at : at - from));
    if (at == std::string_view::npos) return;
    from = at + 1;
  }
}

bool hasDotSegment(std::string_view text) {
  for (std::string_view part : split(text, '/'))
    if (part == "." || part == "..") return true;
  return false;
}

/// The segments as the client means them. What no name may hold is refused here, once, for every front: dot segments
/// (also after %2F), NUL, and bytes that are not UTF-8.
void decodeSegments(std::vector<std::string_view>& segments, std::forward_list<std::string>& storage) {
  if (segments.size() > maxSegments) throw error(Code::invalid, "the path has more than {} segments", maxSegments);
  for (std::string_view& segment : segments) {
    if (segment.find('%') != std::string_view::npos) {
      auto plain = percentDecode(segment);
      if (!plain) throw Error(Code::invalid, "the path has a broken percent escape");
      segment = storage.emplace_front(std::move(*plain));
      if (segment.find('\0') != std::string_view::npos) throw Error(Code::invalid, "the path has a NUL byte");
    }
    if (segment.find('.') != std::string_view::npos && hasDotSegment(segment))
      throw Error(Code::invalid, "the path has a '.' or '..' segment");
    if (!isUtf8(segment)) throw Error(Code::invalid, "the path is not valid UTF-8");
  }
}

}  // namespace

struct Router::Node {
  struct Affixed {
    std::string prefix, suffix;
    std::unique_ptr<Node> node;
  };
  struct Leaf {
    Action action;
    std::vector<std::string> names;
  };

  std::unordered_map<std::string, std::unique_ptr<Node>, TextHash, std::equal_to<>> literals;
  std::vector<Affixed> variables;  ///< longest affixes first, so that the most special pattern wins
  std::unique_ptr<Node> rest;
  std::map<std::string, Leaf, std::less<>> methods;

  Node& child(const Segment& segment);
  const Leaf* leaf(std::string_view method) const;
};

Router::Node& Router::Node::child(const Segment& segment) {
  if (segment.name.empty()) {
    auto& node = literals[segment.prefix];
    if (!node) node = std::make_unique<Node>();
    return *node;
  }
  if (segment.rest) {
    if (!rest) rest = std::make_unique<Node>();
    return *rest;
  }
  for (Affixed& each : variables)
    if (each.prefix == segment.prefix && each.suffix == segment.suffix) return *each.node;
  auto length = [](const auto& each) { return each.prefix.size() + each.suffix.size(); };
  auto place = std::find_if(variables.begin(), variables.end(),
                            [&](const Affixed& each) { return length(each) < length(segment); });
  return *variables.insert(place, Affixed{segment.prefix, segment.suffix, std::make_unique<Node>()})->node;
}

const Router::Node::Leaf* Router::Node::leaf(std::string_view method) const {
  auto found = methods.find(method);
  if (found == methods.end() && method == "HEAD") found = methods.find("GET");
  return found == methods.end() ? nullptr : &found->second;
}

namespace {

using Segments = std::span<const std::string_view>;

/// The value of a variable: one segment without its affixes, or several segments.
struct Value {
  std::string_view text;
  Segments parts;

  std::string str() const {
    if (parts.empty()) return std::string(text);
    std::string whole(parts.front());
    for (std::string_view part : parts.subspan(1)) (whole += '/') += part;
    return whole;
  }
};

/// Depth first, most special branch first, with the values of the variables on the way. A path that exists with other
/// methods only is added to `allowed` and the search continues, because a later branch may have the method.
template <class Node>
struct Search {
  std::string_view method;
  std::vector<Value> values;
  std::vector<std::string> allowed;
  const typename Node::Leaf* found = nullptr;

  bool at(const Node& node, Segments rest) {
    if (rest.empty()) return end(node);
    if (auto literal = node.literals.find(rest.front()); literal != node.literals.end())
      if (at(*literal->second, rest.subspan(1))) return true;
    for (const auto& variable : node.variables)
      if (at(variable, rest)) return true;
    if (!node.rest || (rest.size() == 1 && rest.back().empty())) return false;
    for (std::size_t taken = rest.size(); taken > 0; --taken)  // the rest takes as much as it can
      if (with(*node.rest, rest.subspan(taken), {{}, rest.first(taken)})) return true;
    return false;
  }

  bool at(const typename Node::Affixed& variable, Segments rest) {
    std::string_view text = rest.front();
    if (text.size() <= variable.prefix.size() + variable.suffix.size()) return false;
    if (!text.starts_with(variable.prefix) || !text.ends_with(variable.suffix)) return false;
    text.remove_prefix(variable.prefix.size());
    text.remove_suffix(variable.suffix.size());
    return with(*variable.node, rest.subspan(1), {text, {}});
  }

  bool with(const Node& node, Segments rest, Value value) {
    values.push_back(value);
    if (at(node, rest)) return true;
    values.pop_back();
    return false;
  }

  bool end(const Node& node) {
    found = node.leaf(method);
    if (found) return true;
    for (const auto& [name, leaf] : node.methods) allowed.push_back(name);
    return false;
  }
};

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(std::string_view method, std::string_view pattern, Action action) {
  if (!pattern.starts_with('/')) throw error(Code::internal, "route {}: a pattern begins with a slash", pattern);
  if (!action.whole == !action.stream) throw error(Code::internal, "route {}: one handler is needed", pattern);
  std::vector<std::string_view> texts;
  splitPath(pattern, texts);
  std::vector<std::string> names;
  Node* node = root_.get();
  for (std::string_view text : texts) {
    Segment segment = parseSegment(text, pattern);
    if (!segment.name.empty()) names.push_back(segment.name);
    node = &node->child(segment);
  }
  if (action.pattern.empty()) action.pattern = pattern;
  auto [place, fresh] = node->methods.try_emplace(std::string(method), Node::Leaf{std::move(action), std::move(names)});
  if (!fresh) throw error(Code::internal, "route {} {} already exists", method, pattern);
}

Router::Found Router::find(Request& request) const {
  std::vector<std::string_view> segments;
  segments.reserve(16);
  std::forward_list<std::string> decoded;
  splitPath(request.rawPath, segments);
  decodeSegments(segments, decoded);
  Search<Node> search{request.method};
  bool found = search.at(*root_, segments);
  if (!found && search.allowed.empty() && segments.size() > 1 && segments.back().empty()) {
    segments.pop_back();  // "/a/" is "/a" unless a pattern says otherwise
    found = search.at(*root_, segments);
  }
  request.variables.clear();
  if (found) {
    for (std::size_t i = 0; i < search.values.size(); ++i)
      request.variables.emplace_back(search.found->names[i], search.values[i].str());
    return {&search.found->action, {}};
  }
  std::vector<std::string>& allowed = search.allowed;
  if (std::find(allowed.begin(), allowed.end(), "GET") != allowed.end()) allowed.push_back("HEAD");
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  return {nullptr, std::move(allowed)};
}

}  // namespace regesta::http
