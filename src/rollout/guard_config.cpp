#include "rollout/guard_config.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/limits_delivery.h"
#include "base/text.h"

namespace regesta::rollout {
namespace {

constexpr double wholeAlpha = 0.05;
constexpr std::int64_t longest = 366LL * 86'400;  // seconds

/// Reads one guard's members; members that were not read are unknown.
class Reader {
 public:
  Reader(const json::value& value, std::size_t place) : place_(place) {
    if (!value.is_object()) throw Invalid(fmt::format("guards[{}]", place), "must be an object");
    members_ = &value.get_object();
  }

  std::string text(std::string_view member, std::string fallback) {
    const json::value* value = find(member);
    if (!value) return fallback;
    if (!value->is_string() || value->get_string().empty()) fail(member, "must be a string");
    return std::string(value->get_string());
  }
  bool flag(std::string_view member, bool fallback) {
    const json::value* value = find(member);
    if (!value) return fallback;
    if (!value->is_bool()) fail(member, "must be true or false");
    return value->get_bool();
  }
  double number(std::string_view member, double fallback, double least, double most) {
    const json::value* value = find(member);
    if (!value) return fallback;
    if (!value->is_number()) fail(member, "must be a number");
    double got = value->to_number<double>();
    if (!(got >= least && got <= most)) fail(member, fmt::format("must be from {} to {}", least, most));
    return got;
  }
  std::int64_t millis(std::string_view member, std::int64_t fallback) {
    double seconds = number(member, static_cast<double>(fallback) / 1000, 0, static_cast<double>(longest));
    return std::llround(seconds * 1000);
  }
  /// The place of the word among those that are allowed; the first is the default.
  std::size_t word(std::string_view member, std::initializer_list<std::string_view> words) {
    std::string got = text(member, std::string(*words.begin()));
    auto at = std::find(words.begin(), words.end(), got);
    if (at == words.end()) fail(member, fmt::format("must be {}", fmt::join(words, " or ")));
    return static_cast<std::size_t>(at - words.begin());
  }
  bool has(std::string_view member) { return find(member) != nullptr; }
  void finish() const {
    std::vector<std::string> names(known_.begin(), known_.end());
    for (const auto& [name, value] : *members_) {
      if (known_.contains(std::string(name))) continue;
      auto near = nearest(std::string_view(name), names);
      fail(std::string_view(name), near ? fmt::format("is unknown; did you mean \"{}\"?", *near)
                                        : fmt::format("is unknown; there are {}", fmt::join(names, ", ")));
    }
  }
  [[noreturn]] void fail(std::string_view member, std::string rule) const {
    throw Invalid(fmt::format("guards[{}].{}", place_, member), std::move(rule));
  }

 private:
  const json::value* find(std::string_view member) {
    known_.emplace(member);
    const json::value* value = members_->if_contains(member);
    return value && !value->is_null() ? value : nullptr;
  }
  std::size_t place_;
  const json::object* members_ = nullptr;
  std::set<std::string> known_;
};

std::string checkedName(Reader& reader, std::string_view member, std::string fallback) {
  std::string name = reader.text(member, std::move(fallback));
  if (name.empty()) reader.fail(member, "is required");
  if (name.size() > limits::reportTextLength || !isUtf8(name))
    reader.fail(member, fmt::format("must be UTF-8 of at most {} bytes", limits::reportTextLength));
  return name;
}

/// By default, a guardrail rolls back and a signal pauses.
GuardConfig::OnBreach onBreach(Reader& reader, GuardConfig::Role role) {
  using OnBreach = GuardConfig::OnBreach;
  constexpr OnBreach actions[] = {OnBreach::rollback, OnBreach::pause, OnBreach::notify};
  OnBreach usual = role == GuardConfig::Role::guardrail ? OnBreach::rollback : OnBreach::pause;
  if (!reader.has("on_breach")) return usual;
  OnBreach asked = actions[reader.word("on_breach", {"rollback", "pause", "notify"})];
  if (role == GuardConfig::Role::signal && asked == OnBreach::rollback)
    reader.fail("on_breach", "must be pause or notify for a signal; only a guardrail rolls back");
  return asked;
}

/// `alpha` stays 0 where none was given.
GuardConfig parseOne(const json::value& value, std::size_t place) {
  Reader reader(value, place);
  GuardConfig guard;
  guard.metric = checkedName(reader, "metric", "");
  guard.name = checkedName(reader, "name", guard.metric);
  guard.role =
      reader.word("role", {"guardrail", "signal"}) == 0 ? GuardConfig::Role::guardrail : GuardConfig::Role::signal;
  guard.onBreach = onBreach(reader, guard.role);
  guard.higherIsBetter = reader.word("direction", {"higher", "lower"}) == 0;
  double far = limits::reportMagnitude;
  guard.low = reader.number("min", 0, -far, far);
  guard.high = reader.number("max", 1, -far, far);
  if (guard.low >= guard.high) reader.fail("max", "must be above min");
  // What is better when low is mostly a latency or a cost: without a natural end, and rarely far beyond the usual.
  guard.clip = reader.flag("clip", !guard.higherIsBetter && reader.has("max"));
  guard.margin = reader.number("margin", 0.02, 0, 0.5);
  guard.alpha = reader.number("alpha", 0, 1e-9, 0.5);
  guard.minReports = std::llround(reader.number("min_reports", 30, 0, 1e9));
  guard.holdWithoutData = reader.word("on_no_data", {"hold", "ignore"}) == 0;
  guard.graceMillis = reader.millis("grace_seconds", 900'000);
  guard.holdOnRatio = reader.word("on_srm", {"hold", "ignore"}) == 0;
  guard.cooldownMillis = reader.millis("cooldown_seconds", 604'800'000);
  guard.maxBakeMillis = reader.millis("max_bake_seconds", 0);
  guard.unitMillis = reader.millis("unit_window_seconds", 3'600'000);
  guard.advanceEarly = reader.word("advance", {"bake", "early"}) == 1;
  guard.dryRun = reader.flag("dry_run", false);
  guard.falseAlarmEvery = reader.number("false_alarm_every", 10'000, 100, 1e9);
  reader.finish();
  return guard;
}

void shareAlpha(std::vector<GuardConfig>& guards, std::size_t arms) {
  for (GuardConfig::Role role : {GuardConfig::Role::guardrail, GuardConfig::Role::signal}) {
    auto shares = [role](const GuardConfig& guard) { return guard.role == role && guard.alpha == 0; };
    auto count = static_cast<double>(std::ranges::count_if(guards, shares));
    for (GuardConfig& guard : guards)
      if (shares(guard)) guard.alpha = wholeAlpha / count;
  }
  for (GuardConfig& guard : guards) guard.alpha /= static_cast<double>(std::max<std::size_t>(arms, 1));
}

double seconds(std::int64_t millis) { return static_cast<double>(millis) / 1000; }

}  // namespace

double GuardConfig::mapped(double value) const {
  double part = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return higherIsBetter ? part : 1 - part;
}

json::object GuardConfig::toJson() const {
  return {{"advance", advanceEarly ? "early" : "bake"},
          {"alpha", alpha},
          {"clip", clip},
          {"cooldown_seconds", seconds(cooldownMillis)},
          {"direction", higherIsBetter ? "higher" : "lower"},
          {"dry_run", dryRun},
          {"false_alarm_every", falseAlarmEvery},
          {"grace_seconds", seconds(graceMillis)},
          {"margin", margin},
          {"max", high},
          {"max_bake_seconds", seconds(maxBakeMillis)},
          {"metric", metric},
          {"min", low},
          {"min_reports", minReports},
          {"name", name},
          {"on_breach", onBreachName(onBreach)},
          {"on_no_data", holdWithoutData ? "hold" : "ignore"},
          {"on_srm", holdOnRatio ? "hold" : "ignore"},
          {"role", roleName(role)},
          {"unit_window_seconds", seconds(unitMillis)}};
}

std::string_view roleName(GuardConfig::Role role) {
  return role == GuardConfig::Role::guardrail ? "guardrail" : "signal";
}

std::string_view onBreachName(GuardConfig::OnBreach action) {
  constexpr std::string_view names[] = {"rollback", "pause", "notify"};
  return names[static_cast<int>(action)];
}

std::vector<GuardConfig> parseGuards(const json::array& guards, std::size_t arms) {
  if (guards.size() > limits::rolloutGuards)
    throw Invalid("guards", fmt::format("must be at most {}", limits::rolloutGuards));
  std::vector<GuardConfig> parsed;
  for (const json::value& guard : guards) {
    parsed.push_back(parseOne(guard, parsed.size()));
    auto same = std::ranges::count(parsed, parsed.back().name, &GuardConfig::name);
    if (same > 1)
      throw Invalid(fmt::format("guards[{}].name", parsed.size() - 1), "must differ from the other guards' names");
  }
  shareAlpha(parsed, arms);
  return parsed;
}

}  // namespace regesta::rollout
