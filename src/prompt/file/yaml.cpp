#include "prompt/file/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/limits.h"
#include "base/text.h"
#include "prompt/file/yaml_scalar.h"

namespace regesta::prompt::file {
namespace {

/// The events of libyaml, one at a time.
class Events {
 public:
  explicit Events(std::string_view text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Events() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  const yaml_event_t& next() {
    yaml_event_delete(&event_);
    if (!yaml_parser_parse(&parser_, &event_)) {
      std::string context = parser_.context ? fmt::format(", {}", parser_.context) : "";
      throw YamlFault{parser_.problem_mark.line + 1,
                      fmt::format("is not YAML: {}{}", parser_.problem ? parser_.problem : "unreadable", context)};
    }
    return event_;
  }

 private:
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

std::string textOf(const yaml_char_t* text) { return text ? reinterpret_cast<const char*>(text) : ""; }

class Builder {
 public:
  explicit Builder(std::string_view text) : events_(text) {}

  json::value document() {
    step();  // the stream
    if (step().type == YAML_STREAM_END_EVENT) return nullptr;
    step();
    json::value value = node(0);
    step();  // the document's end
    if (step().type != YAML_STREAM_END_EVENT) fail("holds more than one document");
    return value;
  }

 private:
  [[noreturn]] void fail(std::string message) const { throw YamlFault{line_, std::move(message)}; }

  /// The event just read, and what belongs to it.
  json::value node(std::size_t depth) {
    const yaml_event_t& event = now();
    line_ = event.start_mark.line + 1;
    if (depth > limits::jsonDepth) fail(fmt::format("nests deeper than {} levels", limits::jsonDepth));
    if (++values_ > limits::yamlValues) fail(fmt::format("holds more than {} values", limits::yamlValues));
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        return alias(textOf(event.data.alias.anchor));
      case YAML_SCALAR_EVENT:
        return kept(textOf(event.data.scalar.anchor), scalar(event));
      case YAML_SEQUENCE_START_EVENT: {
        checkTag(event.data.sequence_start.tag);
        std::string anchor = textOf(event.data.sequence_start.anchor);
        return kept(anchor, list(depth));
      }
      case YAML_MAPPING_START_EVENT: {
        checkTag(event.data.mapping_start.tag);
        std::string anchor = textOf(event.data.mapping_start.anchor);
        return kept(anchor, object(depth));
      }
      default:
        fail("is not a YAML value");
    }
  }

  json::array list(std::size_t depth) {
    json::array items;
    while (step().type != YAML_SEQUENCE_END_EVENT) items.push_back(node(depth + 1));
    return items;
  }

  json::object object(std::size_t depth) {
    json::object members;
    json::array merged;
    while (step().type != YAML_MAPPING_END_EVENT) {
      if (now().type != YAML_SCALAR_EVENT) {
        line_ = now().start_mark.line + 1;
        fail("has a key that is not a text");
      }
      std::string key(reinterpret_cast<const char*>(now().data.scalar.value), now().data.scalar.length);
      bool merge = key == "<<" && now().data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
      std::size_t keyLine = now().start_mark.line + 1;
      step();
      json::value value = node(depth + 1);
      line_ = keyLine;
      if (merge)
        merged.push_back(std::move(value));
      else if (members.contains(key))
        fail(fmt::format("names '{}' twice", shorten(key, 80)));
      else
        members.emplace(key, std::move(value));
    }
    for (const json::value& value : merged) merge(members, value);
    return members;
  }

  void merge(json::object& members, const json::value& from) {
    if (from.is_array()) {
      for (const json::value& each : from.get_array()) merge(members, each);
      return;
    }
    if (!from.is_object()) fail("merges (<<) something that is not a mapping");
    for (const auto& [key, value] : from.get_object())
      if (!members.contains(key)) members.emplace(key, value);
  }

  json::value scalar(const yaml_event_t& event) {
    std::string_view text(reinterpret_cast<const char*>(event.data.scalar.value), event.data.scalar.length);
    if (event.data.scalar.tag) {
      checkTag(event.data.scalar.tag);
      if (textOf(event.data.scalar.tag) == YAML_STR_TAG) return json::value(text);
    } else if (event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
      return json::value(text);
    }
    std::optional<json::value> value = plainScalar(text);
    if (!value) fail(fmt::format("'{}' is not a number that JSON can represent", shorten(text, 40)));
    return *std::move(value);
  }

  json::value alias(const std::string& anchor) {
    auto at = anchors_.find(anchor);
    if (at == anchors_.end()) fail(fmt::format("'*{}' has no anchor before it", shorten(anchor, 40)));
    values_ += at->second.values;
    if (values_ > limits::yamlValues) fail(fmt::format("holds more than {} values", limits::yamlValues));
    return at->second.value;
  }

  json::value kept(const std::string& anchor, json::value value) {
    if (!anchor.empty()) anchors_[anchor] = {value, countOf(value)};
    return value;
  }

  static std::size_t countOf(const json::value& value) {
    std::size_t count = 1;
    if (value.is_array())
      for (const json::value& item : value.get_array()) count += countOf(item);
    if (value.is_object())
      for (const auto& [key, item] : value.get_object()) count += countOf(item);
    return count;
  }

  /// YAML's own tags say what is there anyway; others would want objects built, and a prompt is data only.
  void checkTag(const yaml_char_t* tag) const {
    static constexpr std::string_view known[] = {
        "", "!", YAML_STR_TAG, YAML_INT_TAG, YAML_FLOAT_TAG, YAML_BOOL_TAG, YAML_NULL_TAG, YAML_SEQ_TAG, YAML_MAP_TAG};
    std::string name = textOf(tag);
    if (std::find(std::begin(known), std::end(known), name) == std::end(known))
      fail(fmt::format("has the tag '{}', which is not supported", shorten(name, 60)));
  }

  const yaml_event_t& step() {
    current_ = &events_.next();
    return *current_;
  }
  const yaml_event_t& now() const { return *current_; }

  struct Anchor {
    json::value value;
    std::size_t values = 0;
  };
  Events events_;
  const yaml_event_t* current_ = nullptr;
  std::map<std::string, Anchor> anchors_;
  std::size_t values_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

json::value parseYaml(std::string_view text) {
  if (!isUtf8(text)) throw YamlFault{1, "is not UTF-8"};
  return Builder(text).document();
}

}  // namespace regesta::prompt::file
