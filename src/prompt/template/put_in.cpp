#include "prompt/template/put_in.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "prompt/template/fstring.h"
#include "prompt/template/mustache.h"

namespace regesta::prompt {
namespace {

void refuseFaults(const std::vector<TemplateFault>& faults) {
  if (!faults.empty())
    throw error(Code::invalid, "template line {}, column {}: {}", faults[0].place.line, faults[0].place.column,
                faults[0].message);
}

class MustacheWriter {
 public:
  explicit MustacheWriter(const json::object& variables) : variables_(variables) { stack_.push_back(&variables_); }

  std::string write(const std::vector<MustacheNode>& nodes) {
    each(nodes);
    return std::move(out_);
  }

 private:
  void each(const std::vector<MustacheNode>& nodes) {
    for (const MustacheNode& node : nodes) {
      step();
      one(node);
    }
  }
  void step() {
    if (++steps_ > limits::renderSteps || out_.size() > limits::renderedText)
      throw Error(Code::invalid, "the template does too much: its result is longer than any prompt");
  }

  void one(const MustacheNode& node) {
    switch (node.kind) {
      case MustacheNode::Kind::text:
        out_ += node.text;
        break;
      case MustacheNode::Kind::variable:
        if (const json::value* value = find(node.text)) out_ += textOfValue(*value);
        break;
      case MustacheNode::Kind::section:
        section(node, find(node.text));
        break;
      case MustacheNode::Kind::inverted:
        if (const json::value* value = find(node.text); !value || isNothing(*value)) each(node.children);
        break;
      default:
        break;  // comments, and partials that name no prompt
    }
  }

  void section(const MustacheNode& node, const json::value* value) {
    if (!value || isNothing(*value)) return;
    if (!value->is_array()) return inside(node, *value);
    for (const json::value& item : value->get_array()) inside(node, item);
  }
  void inside(const MustacheNode& node, const json::value& context) {
    step();
    stack_.push_back(&context);
    each(node.children);
    stack_.pop_back();
  }

  static bool isNothing(const json::value& value) {
    return value.is_null() || (value.is_bool() && !value.get_bool()) ||
           (value.is_array() && value.get_array().empty()) || (value.is_string() && value.get_string().empty());
  }

  /// The first part of a dotted name is looked for from the innermost context out, the others in what it was.
  const json::value* find(std::string_view name) const {
    if (name == ".") return stack_.back();
    std::vector<std::string_view> parts = split(name, '.');
    const json::value* found = nullptr;
    for (auto context = stack_.rbegin(); context != stack_.rend() && !found; ++context)
      found = memberOf(**context, parts[0]);
    for (std::size_t i = 1; found && i < parts.size(); ++i) found = memberOf(*found, parts[i]);
    return found;
  }
  static const json::value* memberOf(const json::value& value, std::string_view name) {
    return value.is_object() ? value.get_object().if_contains(name) : nullptr;
  }

  json::value variables_;
  std::vector<const json::value*> stack_;
  std::string out_;
  std::size_t steps_ = 0;
};

/// ".name" and "[0]" after a name.
const json::value* follow(const json::value* value, std::string_view path) {
  while (value && !path.empty()) {
    bool index = path[0] == '[';
    std::size_t end = index ? path.find(']') : path.find_first_of(".[", 1);
    if (index && end == std::string_view::npos) return nullptr;
    std::string_view part = path.substr(1, std::min(end, path.size()) - 1);
    if (value->is_object()) {
      value = value->get_object().if_contains(part);
    } else if (value->is_array()) {
      std::optional<std::int64_t> at = parseInteger(part);
      bool there = at && *at >= 0 && static_cast<std::size_t>(*at) < value->get_array().size();
      value = there ? &value->get_array()[static_cast<std::size_t>(*at)] : nullptr;
    } else {
      value = nullptr;
    }
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + (index ? 1 : 0));
  }
  return value;
}

}  // namespace

std::string textOfValue(const json::value& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return std::string(value.get_string());
  return writeJson(value);
}

std::string renderMustache(std::string_view text, const json::object& variables) {
  Mustache parsed = parseMustache(text);
  refuseFaults(parsed.faults);
  return MustacheWriter(variables).write(parsed.nodes);
}

std::string renderFString(std::string_view text, const json::object& variables) {
  FString parsed = parseFString(text);
  refuseFaults(parsed.faults);
  std::string out;
  for (const FStringPiece& piece : parsed.pieces) {
    if (!piece.field) {
      out += piece.text;
      continue;
    }
    if (!piece.conversion.empty())
      throw error(Code::invalid, "template line {}: '{}' is not rendered here: format the value before",
                  placeOf(text, piece.offset).line, shorten(piece.conversion, 40));
    const json::value* value = follow(variables.if_contains(piece.name), piece.path);
    if (!value)
      throw error(Code::invalid, "template line {}: '{}{}' is not there", placeOf(text, piece.offset).line, piece.name,
                  shorten(piece.path, 60));
    out += textOfValue(*value);
    if (out.size() > limits::renderedText)
      throw Error(Code::invalid, "the template does too much: its result is longer than any prompt");
  }
  return out;
}

}  // namespace regesta::prompt
