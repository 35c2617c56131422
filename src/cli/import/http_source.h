#pragma once
#include <string>
#include <utility>
#include <vector>

#include "cli/import/source.h"
#include "cli/import/source_client.h"

namespace regesta::cli {

/// Reads an MLflow server through its REST API, whatever database it uses. Credentials: MLFLOW_TRACKING_USERNAME and
/// MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, as MLflow's client takes them. Pages follow each other: `after`
/// is empty for the first one.
class HttpSource final : public Source {
 public:
  explicit HttpSource(std::string url);
  std::string identity() override;
  std::string origin() const override { return client_.origin(); }
  std::vector<std::string> notes() override { return {}; }
  std::vector<SourceItem> experiments() override;
  std::vector<SourceItem> runs(const std::string& after, std::size_t limit) override;
  std::vector<SourceItem> loggedModels(const std::string& after, std::size_t limit) override;
  std::vector<SourceItem> models(const std::string& after, std::size_t limit) override;
  std::vector<SourceItem> versions(const SourceItem& model) override;
  std::vector<SourceItem> traces(const std::string& after, std::size_t limit) override;
  void history(const SourceItem& run, const std::function<void(const MetricPoint&)>& visit) override;
  bool servesArtifacts() const override { return true; }
  std::vector<std::pair<std::string, std::uint64_t>> artifacts(const std::string& kind,
                                                               const SourceItem& item) override;
  void download(const std::string& kind, const SourceItem& item, const std::string& path,
                const std::string& file) override;

 private:
  /// Where a listing over all experiments goes on.
  struct Cursor {
    std::size_t experiment = 0;
    std::string token;
    bool done = false;
  };
  void start(const std::string& after);
  /// The next page that is not empty of a search in each experiment; `list` names its items.
  std::vector<json::object> nextPage(const std::string& after, std::string_view list,
                                     const std::function<json::object(const std::string& experiment)>& search);
  void listFolder(const std::string& kind, const SourceItem& item, const std::string& folder,
                  std::vector<std::pair<std::string, std::uint64_t>>& into);

  SourceClient client_;
  std::vector<std::string> experimentIds_;
  std::vector<std::string> filters_;  ///< of the searches for models and prompts
  Cursor cursor_;
};

}  // namespace regesta::cli
