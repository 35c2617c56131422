#include "prompt/template/scan.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "prompt/template/fstring.h"
#include "prompt/template/jinja.h"
#include "prompt/template/mustache.h"
#include "prompt/template/places.h"

namespace regesta::prompt {
namespace {

constexpr std::string_view langfuseOpen = "@@@langfusePrompt:", langfuseClose = "@@@";

std::string_view rootOf(std::string_view name) { return name.substr(0, std::min(name.find('.'), name.size())); }

/// Walks the parsed mustache. A name inside a section may belong to the section's item, so it is conditional.
class MustacheWalk {
 public:
  MustacheWalk(TemplateScan& out, std::string_view text) : out_(out), places_(text) {}
  void walk(const std::vector<MustacheNode>& nodes, bool inSection) {
    for (const MustacheNode& node : nodes) visit(node, inSection);
  }

 private:
  void visit(const MustacheNode& node, bool inSection) {
    using Kind = MustacheNode::Kind;
    if (node.kind == Kind::text) return;
    Place place = places_.at(node.offset);
    if (!(node.kind == Kind::variable && node.plain) && !out_.nonPlainTags) {
      out_.nonPlainTags = true;
      out_.firstNonPlain = place;
    }
    switch (node.kind) {
      case Kind::variable:
        use(rootOf(node.text), place, inSection, false);
        break;
      case Kind::section:
      case Kind::inverted:
        use(rootOf(node.text), place, true, true);
        walk(node.children, true);
        break;
      case Kind::partial:
        partial(node, place);
        break;
      default:
        break;
    }
  }
  void use(std::string_view name, Place place, bool conditional, bool section) {
    if (!name.empty()) out_.variables.push_back({std::string(name), place, conditional, section});
  }
  void partial(const MustacheNode& node, Place place) {
    std::size_t sign = node.text.find('@');
    std::string_view selector = sign == std::string_view::npos ? "" : trim(node.text.substr(sign + 1));
    out_.partials.push_back({.name = std::string(trim(node.text.substr(0, sign))),
                             .selector = std::string(selector),
                             .offset = node.offset,
                             .length = node.length,
                             .place = place});
  }

  TemplateScan& out_;
  Places places_;
};

TemplateScan scanMustache(std::string_view text) {
  Mustache parsed = parseMustache(text);
  TemplateScan out;
  MustacheWalk(out, text).walk(parsed.nodes, false);
  out.faults = std::move(parsed.faults);
  out.literals = std::move(parsed.literals);
  out.changesDelimiters = parsed.changesDelimiters;
  return out;
}

TemplateScan scanFString(std::string_view text) {
  FString parsed = parseFString(text);
  TemplateScan out;
  Places places(text);
  for (const FStringPiece& piece : parsed.pieces)
    if (piece.field && !piece.name.empty())
      out.variables.push_back({piece.name, places.at(piece.offset), false, false});
  out.faults = std::move(parsed.faults);
  return out;
}

/// @@@langfusePrompt:name=N|version=3@@@: the name first, exactly two parts.
void scanLangfuseTags(std::string_view text, TemplateScan& out) {
  Places places(text);
  for (std::size_t at = text.find(langfuseOpen); at != std::string_view::npos; at = text.find(langfuseOpen, at + 1)) {
    std::size_t start = at + langfuseOpen.size();
    std::size_t close = text.find(langfuseClose, start);
    if (close == std::string_view::npos) return;
    std::vector<std::string_view> parts = split(text.substr(start, close - start), '|');
    if (parts.size() != 2 || !parts[0].starts_with("name=")) continue;
    bool label = parts[1].starts_with("label=");
    if (!label && !parts[1].starts_with("version=")) continue;
    out.partials.push_back({.name = std::string(trim(parts[0].substr(5))),
                            .selector = std::string(trim(parts[1].substr(label ? 6 : 8))),
                            .label = label,
                            .langfuse = true,
                            .offset = at,
                            .length = close + langfuseClose.size() - at,
                            .place = places.at(at)});
  }
}

}  // namespace

Place placeOf(std::string_view text, std::size_t offset) { return Places(text).at(offset); }

TemplateScan scanTemplate(std::string_view text, TemplateFormat format) {
  TemplateScan out = format == TemplateFormat::jinja2    ? scanJinja(text)
                     : format == TemplateFormat::fString ? scanFString(text)
                                                         : scanMustache(text);
  scanLangfuseTags(text, out);
  std::ranges::sort(out.partials, {}, &PartialUse::offset);
  return out;
}

void requireVariables(std::size_t count) {
  if (count > limits::promptVariables)
    throw error(Code::tooLarge, "a prompt has at most {} variables", limits::promptVariables);
}

std::vector<TemplateVariable> templateVariables(const Prompt& prompt) {
  std::vector<TemplateVariable> found;
  std::unordered_map<std::string, std::size_t> known;
  for (std::string_view text : prompt.templates())
    for (const VariableUse& use : scanTemplate(text, prompt.format).variables) {
      auto [at, fresh] = known.try_emplace(use.name, found.size());
      if (fresh) {
        requireVariables(found.size() + 1);
        found.push_back({.name = use.name});
      }
      TemplateVariable& variable = found[at->second];
      variable.conditional &= use.conditional;
      variable.section |= use.section;
    }
  return found;
}

std::vector<PartialUse> partialsOf(const Prompt& prompt) {
  std::vector<PartialUse> found;
  std::set<std::pair<std::string, std::string>> known;
  for (std::string_view text : prompt.templates())
    for (PartialUse& use : scanTemplate(text, prompt.format).partials)
      if (known.emplace(use.name, use.selector).second) found.push_back(std::move(use));
  return found;
}

std::string withoutComments(std::string_view text, TemplateFormat format) {
  if (format == TemplateFormat::fString) return std::string(text);
  std::string_view open = format == TemplateFormat::jinja2 ? "{#" : "{{!";
  std::string_view close = format == TemplateFormat::jinja2 ? "#}" : "}}";
  std::string out;
  while (true) {
    std::size_t at = text.find(open);
    std::size_t end = at == std::string_view::npos ? at : text.find(close, at);
    if (end == std::string_view::npos) return out += text;
    out += text.substr(0, at);
    text.remove_prefix(end + close.size());
  }
}

}  // namespace regesta::prompt
