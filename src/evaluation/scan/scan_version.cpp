#include "evaluation/scan/scan_version.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "evaluation/scan/scan_file.h"
#include "governance/quarantine.h"
#include "registry/parts.h"

namespace regesta::evaluation {
namespace {

constexpr std::size_t mostListed = 500;        // files in the evidence
constexpr std::size_t mostBytes = 700 * 1024;  // of their reports

std::int64_t numberIn(const json::object& report, std::string_view name) {
  return report.at(name).to_number<std::int64_t>();
}

/// Adds up the reports of files.
class Sum {
 public:
  void add(const registry::VersionFile& file, json::object report) {
    critical_ += numberIn(report, "critical");
    warnings_ += numberIn(report, "warnings");
    complete_ = complete_ && report.at("complete").as_bool();
    noteWorst(file, report);
    bool tells = report.at("format") != "unknown" || !report.at("findings").as_array().empty() ||
                 !report.at("complete").as_bool();
    if (!tells) return;
    report["path"] = file.path;
    report["digest"] = file.digest;
    list(std::move(report));
  }

  /// Bytes that are elsewhere cannot be scanned. What leads to a version of this server is scanned with that version.
  void add(const registry::VersionReference& reference) {
    if (registry::leadsToPart(reference)) return;
    complete_ = false;
    list({{"path", reference.path}, {"uri", reference.uri}, {"incomplete", "its bytes are not stored here"}});
  }

  governance::NewEvidence evidence(std::size_t count, std::string_view scannedBy) && {
    json::object summary{{"status", status()},
                         {"critical", critical_},
                         {"warnings", warnings_},
                         {"complete", complete_},
                         {"files", count}};
    if (!worst_.empty()) summary["worst"] = worst_;
    json::object body = summary;
    body["scanned_by"] = scannedBy;
    body["reports"] = std::move(files_);
    if (unlisted_ > 0) body["unlisted"] = unlisted_;
    return {.type = std::string(governance::scanType), .verified = true, .body = body, .summary = summary};
  }

 private:
  std::string_view status() const {
    return critical_ > 0 ? "critical" : !complete_ ? "incomplete" : warnings_ > 0 ? "warnings" : "clean";
  }
  void list(json::object report) {
    std::size_t size = writeJson(report).size();
    if (files_.size() < mostListed && bytes_ + size < mostBytes) {
      bytes_ += size;
      files_.push_back(std::move(report));
    } else {
      ++unlisted_;
    }
  }
  void noteWorst(const registry::VersionFile& file, const json::object& report) {
    if (!worst_.empty() || numberIn(report, "critical") == 0) return;
    for (const json::value& finding : report.at("findings").as_array()) {
      if (finding.at("severity") != "critical") continue;
      worst_ = fmt::format("{}: {}", shorten(file.path, 200), std::string_view(finding.at("message").as_string()));
      return;
    }
  }

  std::int64_t critical_ = 0, warnings_ = 0, unlisted_ = 0;
  bool complete_ = true;
  std::string worst_;
  json::array files_;
  std::size_t bytes_ = 0;
};

json::object reportOf(blob::BlobStore& blobs, const registry::VersionFile& file) {
  if (auto reader = blobs.open(file.digest)) return scanFile(*reader, file.path);
  return {{"format", "unknown"},       {"critical", 0},     {"warnings", 0},
          {"findings", json::array()}, {"complete", false}, {"incomplete", "its bytes are not stored here"}};
}

}  // namespace

governance::Evidence scanVersion(registry::Store& store, blob::BlobStore& blobs, const registry::Actor& actor,
                                 const registry::Version& version, std::string_view scannedBy) {
  std::vector<registry::VersionFile> files;
  std::vector<registry::VersionReference> references;
  store.read([&](db::Transaction& transaction) {
    files = registry::versionFiles(transaction, version);
    references = registry::versionReferences(transaction, version);
  });
  if (files.empty()) throw error(Code::invalidState, "{} has no files to scan", version.subject());
  std::ranges::sort(files, {}, &registry::VersionFile::path);
  Sum sum;
  for (const registry::VersionFile& file : files) sum.add(file, reportOf(blobs, file));
  for (const registry::VersionReference& reference : references) sum.add(reference);
  governance::NewEvidence made = std::move(sum).evidence(files.size(), scannedBy);
  return store.change(actor, [&](registry::Change& change) {
    registry::Version present =
        registry::getVersion(change.transaction, version.asset.key, version.number);  // deleted in the meantime?
    return governance::addEvidence(change, present, made);
  });
}

}  // namespace regesta::evaluation
