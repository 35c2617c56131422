#include "cli/import/compare.h"
#include "cli/import/importer.h"
#include "cli/progress.h"
#include "crypto/hash.h"

namespace regesta::cli {

void Importer::importTraces() {
  constexpr std::size_t pageItems = 50;
  const std::string kind = "trace";
  KnownItems here = known(kind);
  Progress progress("traces", 0, false);
  std::string after;
  while (true) {
    std::vector<SourceItem> page = source_.traces(after, pageItems);
    if (page.empty()) return;
    after = page.back().id();
    std::vector<json::object> changed;
    for (const SourceItem& trace : page) {
      report_[kind].source += 1;
      std::string digest = crypto::sha256Hex(canonicalJson(trace.item));
      auto present = here.find(trace.id());
      if (present != here.end() && present->second.digest == digest) {
        report_[kind].unchanged += 1;
        continue;
      }
      if (trace.item.at("spans").as_array().empty() && !trace.artifacts.empty())
        report_.note(kind, trace.id(), "its spans are in an artifact, which is not imported");
      json::object request = trace.item;
      request["digest"] = digest;
      changed.push_back(std::move(request));
    }
    auto outcomes = send(kind, "traces", std::move(changed));
    count(kind, outcomes);
    for (const SourceItem& trace : page) {
      auto outcome = outcomes.find(trace.id());
      if (outcome != outcomes.end() && memberText(outcome->second, "state") != "refused") verifyTrace(trace);
    }
    progress.advance(page.size());
  }
}

void Importer::verifyTrace(const SourceItem& trace) {
  json::value answer = api_.get("/api/3.0/mlflow/traces/get", {{"trace_id", trace.id()}});
  std::string difference = compareTrace(trace.item, answer.at("trace").as_object());
  if (difference.empty())
    report_["trace"].verified += 1;
  else
    report_.differ("trace", trace.id(), difference);
}

}  // namespace regesta::cli
