#include "cli/refusal.h"

#include "cli/table.h"

namespace regesta::cli {
namespace {

const json::array& findings(const json::object& verdict, std::string_view set) {
  static const json::array none;
  const json::value* value = verdict.if_contains(set);
  return value && value->is_array() ? value->get_array() : none;
}

bool isMet(const json::object& requirement) {
  const json::value* met = requirement.if_contains("met");
  return met && met->is_bool() && met->get_bool();
}

void printFinding(const json::value& value, std::string_view mark, Colour colour, std::FILE* stream) {
  if (!value.is_object()) {
    fmt::print(stream, "  {} {}\n", paint(mark, colour, stream), printable(json::serialize(value)));
    return;
  }
  const json::object& finding = value.get_object();
  std::string message = member(finding, "msg");
  fmt::print(stream, "  {} {}\n", paint(mark, colour, stream),
             printable(message.empty() ? member(finding, "code") : message));
  std::string needs = member(finding, "needs");
  if (!needs.empty() && needs != message && !isMet(finding)) fmt::print(stream, "      needs {}\n", printable(needs));
  for (const json::value& by : findings(finding, "by"))
    if (by.is_string())
      fmt::print(stream, "      {}\n", paint("by " + std::string(by.get_string()), Colour::dim, stream));
  if (std::string cure = member(finding, "cure"); !cure.empty() && !isMet(finding))
    fmt::print(stream, "      {}\n", paint("cure: " + cure, Colour::cyan, stream));
}

}  // namespace

void printVerdict(const json::object& verdict, std::FILE* stream) {
  if (std::string fault = member(verdict, "error"); !fault.empty())
    fmt::print(stream, "  {} the policy could not be evaluated: {}\n", paint("✗", Colour::red, stream),
               printable(fault));
  for (const json::value& finding : findings(verdict, "deny")) printFinding(finding, "✗", Colour::red, stream);
  for (const json::value& finding : findings(verdict, "require")) {
    bool met = finding.is_object() && isMet(finding.get_object());
    printFinding(finding, met ? "✓" : "…", met ? Colour::green : Colour::yellow, stream);
  }
  for (const json::value& finding : findings(verdict, "warn")) printFinding(finding, "!", Colour::yellow, stream);
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
  if (request && request->is_object()) {
    std::string id = member(request->get_object(), "id");
    std::string url = member(request->get_object(), "url");
    fmt::print(stderr, "change request {} is open{}\n", id, url.empty() ? "" : ": " + printable(url));
    fmt::print(stderr, "next: {}\n",
               paint(fmt::format("regesta approve {} --comment TEXT", id), Colour::bold, stderr) +
                   "   (by somebody whom the policy asks for)");
  } else {
    fmt::print(stderr, "next: cure what is marked ✗, then run the same command again\n");
  }
}

}  // namespace regesta::cli
