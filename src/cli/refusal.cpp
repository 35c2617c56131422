#include "cli/refusal.h"

#include "cli/table.h"

namespace regesta::cli {
namespace {

const json::array& violations(const json::object& verdict, std::string_view set) {
  static const json::array none;
  const json::value* value = verdict.if_contains(set);
  return value && value->is_array() ? value->get_array() : none;
}

void printViolation(const json::value& value, std::string_view mark, Colour colour, std::FILE* stream) {
  if (!value.is_object()) {
    fmt::print(stream, "  {} {}\n", paint(mark, colour, stream), printable(json::serialize(value)));
    return;
  }
  const json::object& violation = value.get_object();
  std::string message = member(violation, "msg");
  fmt::print(stream, "  {} {}\n", paint(mark, colour, stream),
             printable(message.empty() ? member(violation, "code") : message));
  std::string needs = member(violation, "needs");
  if (!needs.empty() && needs != message && !isMet(violation)) fmt::print(stream, "      needs {}\n", printable(needs));
  for (const json::value& by : violations(violation, "by"))
    if (by.is_string())
      fmt::print(stream, "      {}\n", paint("by " + std::string(by.get_string()), Colour::dim, stream));
  if (std::string remediation = member(violation, "remediation"); !remediation.empty() && !isMet(violation))
    fmt::print(stream, "      {}\n", paint("to fix: " + remediation, Colour::cyan, stream));
}

bool isMissing(const json::value& requirement, std::string_view what) {
  return requirement.is_object() && !isMet(requirement.get_object()) && !member(requirement.get_object(), what).empty();
}

/// The next step, as a command if there is one.
std::string nextStep(const json::object& verdict, const std::string& changeRequest) {
  std::string again = "fix what is marked ✗, then run the same command again";
  if (changeRequest.empty() || !violations(verdict, "deny").empty() || !member(verdict, "error").empty()) return again;
  const json::array& required = violations(verdict, "require");
  for (const json::value& requirement : required)
    if (isMissing(requirement, "role"))
      return paint(fmt::format("regesta approve {} --comment TEXT", changeRequest), Colour::bold, stderr) +
             fmt::format("   (by a user with the role {})", printable(member(requirement.get_object(), "role")));
  for (const json::value& requirement : required)
    if (isMissing(requirement, "evidence"))
      return paint(printable(member(requirement.get_object(), "remediation")), Colour::bold, stderr) +
             "   (the alias then moves automatically)";
  return "no approval or evidence can satisfy what is marked …; change the policy";
}

}  // namespace

bool isMet(const json::object& requirement) {
  const json::value* met = requirement.if_contains("met");
  return met && met->is_bool() && met->get_bool();
}

void printVerdict(const json::object& verdict, std::FILE* stream, bool onlyUnmet) {
  if (std::string fault = member(verdict, "error"); !fault.empty())
    fmt::print(stream, "  {} the policy could not be evaluated: {}\n", paint("✗", Colour::red, stream),
               printable(fault));
  for (const json::value& violation : violations(verdict, "deny")) printViolation(violation, "✗", Colour::red, stream);
  for (const json::value& violation : violations(verdict, "require")) {
    bool met = violation.is_object() && isMet(violation.get_object());
    if (met && onlyUnmet) continue;
    printViolation(violation, met ? "✓" : "…", met ? Colour::green : Colour::yellow, stream);
  }
  for (const json::value& violation : violations(verdict, "warn"))
    printViolation(violation, "!", Colour::yellow, stream);
}

void explainRefusal(const std::string& message, const json::object& detail) {
  const json::value* verdict = detail.if_contains("verdict");
  if (!verdict || !verdict->is_object()) {
    fmt::print(stderr, "{} {}\n", paint("refused:", Colour::red, stderr), printable(message));
    return;
  }
  // The message repeats the reasons for clients that show nothing else; here they get lines of their own.
  std::string first = message.substr(0, message.find('\n'));
  bool waiting = member(detail, "outcome") == "pending";
  fmt::print(stderr, "{} {}\n",
             paint(waiting ? "not yet:" : "refused:", waiting ? Colour::yellow : Colour::red, stderr),
             printable(first));
  printVerdict(verdict->get_object(), stderr);
  const json::value* request = detail.if_contains("change_request");
  std::string id;
  if (request && request->is_object()) {
    id = member(request->get_object(), "id");
    std::string url = member(request->get_object(), "url");
    fmt::print(stderr, "change request {} is open{}\n", id, url.empty() ? "" : ": " + printable(url));
  }
  fmt::print(stderr, "next: {}\n", nextStep(verdict->get_object(), id));
}

}  // namespace regesta::cli
