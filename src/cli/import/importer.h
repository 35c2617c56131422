#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/api_client.h"
#include "cli/import/artifact_roots.h"
#include "cli/import/report.h"
#include "cli/import/source.h"
#include "cli/temporary_folder.h"

namespace regesta::cli {

/// Moves a source to the server that `api` reaches. Every step may be repeated: what is there with the same digest is
/// skipped, so an interrupted import, or one of a source that changed, continues when it is started again.
class Importer {
 public:
  Importer(Api& api, Source& source, const ArtifactRoots& roots, std::string name);
  /// Imports and verifies everything, and records the import in the ledger.
  ImportReport run();

 private:
  struct Known {
    std::string target, digest;
  };
  using KnownItems = std::map<std::string, Known, std::less<>>;
  /// An item that is sent in this run, with its digest and files.
  struct Pending {
    SourceItem item;
    std::string digest;
    ArtifactTree files;
  };
  using Pages = std::function<std::vector<SourceItem>(const std::string& after, std::size_t limit)>;

  KnownItems known(const std::string& kind);
  /// Posts items in requests of limited size. Returns the outcome of each by id.
  std::map<std::string, json::object> send(const std::string& kind, const std::string& path,
                                           std::vector<json::object> items);
  void count(const std::string& kind, const std::map<std::string, json::object>& outcomes);
  void importExperiments();
  /// Pages of runs or logged models: what is new or changed is handed to `send`.
  void importOwners(const std::string& kind, const Pages& pages,
                    const std::function<void(std::vector<Pending>&)>& sendPage);
  void sendRuns(std::vector<Pending>& page);
  void sendHistory(const Pending& run);
  void sendLoggedModels(std::vector<Pending>& page);
  void sendFiles(const std::string& kind, Pending& owner);
  ArtifactTree filesOf(const std::string& kind, const SourceItem& item);
  /// Downloads a file that is not on this machine.
  void fetch(const std::string& kind, const Pending& owner, ArtifactFile& file);
  void importModels();
  void importVersions(const SourceItem& model, const KnownItems& here, const KnownItems& pointers);
  void addMove(std::vector<json::object>& moves, const SourceItem& model, std::string_view pointer, std::int64_t number,
               const KnownItems& known, std::string_view suffix);
  void verifyVersions(const std::vector<SourceItem>& versions, const std::map<std::string, json::object>& outcomes);
  void importTraces();
  void verifyTrace(const SourceItem& trace);
  void importScores();
  void verifyExperiments();
  void verifyRun(const Pending& run, std::int64_t points);
  void verifyLoggedModel(const Pending& model);
  void noteUncovered(const std::string& kind, const Pending& owner);

  Api& api_;
  Source& source_;
  const ArtifactRoots& roots_;
  std::string name_;
  ImportReport report_;
  std::optional<TemporaryFolder> scratch_;          ///< files of the item at hand
  std::map<std::string, std::string> experiments_;  ///< number at the source to the number here
  std::map<std::string, std::int64_t> uncovered_;  ///< artifact folders outside the roots, and how many items name them
};

}  // namespace regesta::cli
