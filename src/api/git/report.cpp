#include "api/git/report.h"

#include <algorithm>

#include "api/git/pkt_line.h"
#include "base/text.h"

namespace regesta::api::git {
namespace {

constexpr std::size_t linesShown = 100, lineLength = 2000, reasonLength = 300;

/// A text may quote what was pushed: no byte of it may steer a terminal or end a line of the protocol.
std::string harmless(std::string_view text, std::size_t limit) {
  std::string kept = shorten(text, limit);
  for (char& c : kept)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return kept;
}

std::string terminal(const std::vector<std::string>& lines) {
  std::string text;
  std::size_t count = 0;
  for (const std::string& message : lines)
    for (std::string_view line : split(message, '\n'))
      if (!trim(line).empty() && ++count <= linesShown) text += harmless(line, lineLength) + "\n";
  if (count > linesShown) text += fmt::format("… and {} lines more\n", count - linesShown);
  return text;
}

}  // namespace

std::string writeReport(const PushHead& head, const gitremote::PushOutcome& outcome) {
  std::string report;
  if (head.reportStatus) {
    appendPkt(report, outcome.unpackFault.empty()
                          ? "unpack ok\n"
                          : fmt::format("unpack {}\n", harmless(outcome.unpackFault, reasonLength)));
    for (std::size_t i = 0; i < head.refs.size(); ++i) {
      const std::string& fault = outcome.faults[i];
      appendPkt(report, fault.empty() ? fmt::format("ok {}\n", head.refs[i].name)
                                      : fmt::format("ng {} {}\n", head.refs[i].name, harmless(fault, reasonLength)));
    }
    report += flushPkt;
  }
  if (!head.sideBand) return report;
  std::string answer;
  appendBand(answer, 2, terminal(outcome.lines));
  appendBand(answer, 1, report);
  answer += flushPkt;
  return answer;
}

}  // namespace regesta::api::git
