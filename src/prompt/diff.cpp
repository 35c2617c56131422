#include "prompt/diff.h"

#include <algorithm>
#include <deque>
#include <map>

#include "base/limits.h"
#include "base/limits_work.h"

namespace regesta::prompt {
namespace {

using Change = TextDiff::Change;

std::string roleOf(const Message& message) {
  return message.placeholder.empty() ? message.role : "<" + message.placeholder + ">";
}

/// The whole content of a message, to compare messages by.
std::string identity(const Message& message) {
  return roleOf(message) + "\n" + message.content + "\n" + (message.more.empty() ? "" : canonicalJson(message.more));
}

TextDiff whole(Change change, const Message& message) {
  TextDiff diff{.change = change, .role = roleOf(message)};
  WordRun::Kind kind = change == Change::added     ? WordRun::Kind::added
                       : change == Change::removed ? WordRun::Kind::removed
                                                   : WordRun::Kind::same;
  if (!message.content.empty()) diff.runs.push_back({kind, message.content});
  return diff;
}

std::vector<Message> messagesOf(const Prompt& prompt) {
  if (prompt.chat) return prompt.messages;
  return {{.content = prompt.text}};
}

/// Messages between two that are the same: those of one role are compared with each other, in order.
void between(std::vector<TextDiff>& out, std::span<const Message> before, std::span<const Message> after,
             std::size_t& steps) {
  std::map<std::string, std::deque<std::size_t>> places;  // of each role, in order
  for (std::size_t i = 0; i < after.size(); ++i) places[roleOf(after[i])].push_back(i);
  std::size_t next = 0;
  for (const Message& old : before) {
    std::deque<std::size_t>& left = places[roleOf(old)];
    while (!left.empty() && left.front() < next) left.pop_front();
    if (left.empty()) {
      out.push_back(whole(Change::removed, old));
      continue;
    }
    std::size_t at = left.front();
    for (; next < at; ++next) out.push_back(whole(Change::added, after[next]));
    out.push_back({Change::changed, roleOf(old), wordDiff(old.content, after[at].content, steps)});
    next = at + 1;
  }
  for (; next < after.size(); ++next) out.push_back(whole(Change::added, after[next]));
}

std::vector<TextDiff> textDiffs(const Prompt& before, const Prompt& after) {
  std::vector<Message> old = messagesOf(before), now = messagesOf(after);
  std::vector<std::string> oldIds, nowIds;
  for (const Message& message : old) oldIds.push_back(identity(message));
  for (const Message& message : now) nowIds.push_back(identity(message));
  std::vector<TextDiff> out;
  std::size_t x = 0, y = 0, steps = limits::diffSteps;  // of all texts together
  auto upTo = [&](std::size_t a, std::size_t b) {
    between(out, std::span(old).subspan(x, a - x), std::span(now).subspan(y, b - y), steps);
    x = a, y = b;
  };
  for (auto [a, b] :
       commonItems({oldIds.begin(), oldIds.end()}, {nowIds.begin(), nowIds.end()}, limits::promptMessages)) {
    upTo(a, b);
    out.push_back(whole(Change::same, now[b]));
    ++x, ++y;
  }
  upTo(old.size(), now.size());
  return out;
}

class Members {
 public:
  std::vector<MemberDiff> found;

  void compare(const std::string& path, const json::value& before, const json::value& after, std::size_t depth) {
    if (before == after || found.size() >= limits::problems) return;
    if (depth < limits::jsonDepth && before.is_object() && after.is_object()) return inside(path, before, after, depth);
    bool added = before.is_null(), removed = after.is_null();
    found.push_back({path, before, after, added, removed});
  }

 private:
  void inside(const std::string& path, const json::value& before, const json::value& after, std::size_t depth) {
    static const json::value absent;
    const json::object &old = before.get_object(), &now = after.get_object();
    auto of = [&](const json::object& object, std::string_view name) -> const json::value& {
      const json::value* value = object.if_contains(name);
      return value ? *value : absent;
    };
    for (const auto& [name, value] : old)
      compare(path.empty() ? std::string(name) : fmt::format("{}.{}", path, std::string_view(name)), value,
              of(now, name), depth + 1);
    for (const auto& [name, value] : now)
      if (!old.contains(name))
        compare(path.empty() ? std::string(name) : fmt::format("{}.{}", path, std::string_view(name)), absent, value,
                depth + 1);
  }
};

/// The content without its texts, which are compared word by word.
json::object members(const Prompt& prompt) {
  json::object content = parseJson(canonicalPrompt(prompt)).as_object();
  content.erase("template");
  return content;
}

std::string_view changeName(Change change) {
  constexpr std::string_view names[] = {"same", "changed", "added", "removed"};
  return names[static_cast<int>(change)];
}

}  // namespace

PromptDiff diffPrompts(const Prompt& before, const Prompt& after, const Prompt& composedBefore,
                       const Prompt& composedAfter) {
  Members comparison;
  comparison.compare("", members(before), members(after), 0);
  return {textDiffs(before, after), std::move(comparison.found), bumpBetween(composedBefore, composedAfter)};
}

json::object diffJson(const PromptDiff& diff) {
  json::array texts, changed, reasons;
  for (const TextDiff& text : diff.texts) {
    json::array runs;
    for (const WordRun& run : text.runs)
      runs.push_back(json::object{{"op", run.kind == WordRun::Kind::same      ? "="
                                         : run.kind == WordRun::Kind::removed ? "-"
                                                                              : "+"},
                                  {"text", run.text}});
    json::object one{{"change", changeName(text.change)}};
    if (!text.role.empty()) one["role"] = text.role;
    one["runs"] = std::move(runs);
    texts.emplace_back(std::move(one));
  }
  for (const MemberDiff& member : diff.members) {
    json::object one{{"path", member.path}};
    if (!member.added) one["before"] = member.before;
    if (!member.removed) one["after"] = member.after;
    changed.emplace_back(std::move(one));
  }
  for (const BumpReason& reason : diff.bump.reasons)
    reasons.push_back(json::object{{"bump", bumpName(reason.bump)}, {"what", reason.what}});
  return {{"bump", bumpName(diff.bump.bump)},
          {"bump_reasons", std::move(reasons)},
          {"texts", std::move(texts)},
          {"members", std::move(changed)}};
}

}  // namespace regesta::prompt
