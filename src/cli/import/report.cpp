#include "cli/import/report.h"

#include <fmt/format.h>

#include "cli/progress.h"
#include "cli/table.h"

namespace regesta::cli {

void ImportReport::refuse(const std::string& kind, const std::string& id, const std::string& reason) {
  kinds_[kind].refused += 1;
  refused_.push_back({kind, id, reason});
}

void ImportReport::note(const std::string& kind, const std::string& id, const std::string& what) {
  notes_.push_back({kind, id, what});
}

void ImportReport::differ(const std::string& kind, const std::string& id, const std::string& what) {
  kinds_[kind].different += 1;
  differences_.push_back({kind, id, what});
}

void ImportReport::addFile(std::uint64_t bytes, bool uploaded) {
  files_ += 1;
  bytes_ += bytes;
  if (uploaded) uploads_ += 1;
}

bool ImportReport::failed() const { return !refused_.empty() || !differences_.empty(); }

json::array ImportReport::linesOf(const std::vector<Line>& lines) {
  json::array list;
  for (const Line& line : lines)
    list.push_back(json::object{{"kind", line.kind}, {"id", line.id}, {"what", line.what}});
  return list;
}

json::object ImportReport::toJson() const {
  json::object kinds;
  for (const auto& [name, kind] : kinds_)
    kinds[name] = {{"source", kind.source},       {"created", kind.created}, {"updated", kind.updated},
                   {"unchanged", kind.unchanged}, {"refused", kind.refused}, {"verified", kind.verified},
                   {"different", kind.different}};
  return {{"ok", !failed()},
          {"source", source},
          {"digest", digest},
          {"kinds", std::move(kinds)},
          {"files", {{"stored", files_}, {"uploaded", uploads_}, {"bytes", bytes_}}},
          {"refused", linesOf(refused_)},
          {"differences", linesOf(differences_)},
          {"notes", linesOf(notes_)}};
}

void ImportReport::printLines(const char* heading, const std::vector<Line>& lines) {
  constexpr std::size_t shown = 20;
  if (lines.empty()) return;
  fmt::print("\n{} ({}):\n", heading, lines.size());
  for (std::size_t at = 0; at < std::min(shown, lines.size()); ++at)
    fmt::print("  {}{}{}: {}\n", lines[at].kind, lines[at].id.empty() ? "" : " ", lines[at].id, lines[at].what);
  if (lines.size() > shown) fmt::print("  … and {} more: see them with --report FILE\n", lines.size() - shown);
}

void ImportReport::print() const {
  Table table({"KIND", "SOURCE", "NEW", "UPDATED", "UNCHANGED", "REFUSED", "VERIFIED", "DIFFERENT"});
  for (const auto& [name, kind] : kinds_)
    table.row({name, std::to_string(kind.source), std::to_string(kind.created), std::to_string(kind.updated),
               std::to_string(kind.unchanged), std::to_string(kind.refused), std::to_string(kind.verified),
               std::to_string(kind.different)});
  table.print("Nothing to import.");
  fmt::print("\nFiles: {} stored ({}), {} of them uploaded; the others were here already.\n", files_, byteText(bytes_),
             uploads_);
  printLines("Not imported", refused_);
  printLines("Different from the source", differences_);
  printLines("Notes", notes_);
  if (!digest.empty())
    fmt::print("\nRecorded in the ledger: entries of import/{} have the digest {}.\n", source, digest);
}

}  // namespace regesta::cli
