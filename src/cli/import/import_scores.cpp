#include "cli/import/importer.h"
#include "cli/progress.h"

namespace regesta::cli {
namespace {

/// What the answer to a batch says of each score that was not taken.
std::map<std::string, std::string> faultsIn(const json::value& answer) {
  std::map<std::string, std::string> faults;
  for (const json::value& one : answer.at("errors").as_array())
    faults[memberText(one.as_object(), "id")] = memberText(one.as_object(), "error");
  return faults;
}

}  // namespace

/// Scores keep their ids, so sending one again changes nothing.
void Importer::importScores() {
  const std::string kind = "score";
  Progress progress("scores", 0, false);
  for (std::size_t page = 1;; ++page) {
    std::vector<json::object> scores = source_.scores(page);
    if (scores.empty()) return;
    json::array batch;
    for (const json::object& score : scores)
      batch.push_back(json::object{{"id", memberText(score, "id")},
                                   {"type", "score-create"},
                                   {"timestamp", memberText(score, "timestamp")},
                                   {"body", score}});
    auto faults = faultsIn(api_.post("/api/public/ingestion", json::object{{"batch", std::move(batch)}}));
    for (const json::object& score : scores) {
      std::string id = memberText(score, "id");
      report_[kind].source += 1;
      if (auto fault = faults.find(id); fault != faults.end()) {
        report_.refuse(kind, id, fault->second);
        continue;
      }
      report_[kind].updated += 1;
      json::value here = api_.get("/api/public/v2/scores/" + id);
      const json::value *wanted = score.if_contains("value"), *stored = here.as_object().if_contains("value");
      if (wanted && stored && memberText(here.as_object(), "name") == memberText(score, "name"))
        report_[kind].verified += 1;
      else
        report_.differ(kind, id, "another name or value");
    }
    progress.advance(scores.size());
  }
}

}  // namespace regesta::cli
