#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/import/source.h"
#include "db/database.h"

namespace regesta::cli {

/// Reads the tables that MLflow's SQL stores write (mlflow/store/tracking/dbmodels, mlflow/store/model_registry).
class SqlSource final : public Source {
 public:
  SqlSource(std::unique_ptr<db::Database> database, std::string origin, std::string workspace, bool anySchema);
  std::string identity() override;
  std::string origin() const override { return origin_; }
  std::vector<std::string> notes() override;
  std::vector<SourceItem> experiments() override;
  std::vector<SourceItem> runs(const std::string& after, std::size_t limit) override;
  std::vector<SourceItem> loggedModels(const std::string& after, std::size_t limit) override;
  std::vector<SourceItem> models(const std::string& after, std::size_t limit) override;
  std::vector<SourceItem> versions(const SourceItem& model) override;
  std::vector<SourceItem> traces(const std::string& after, std::size_t limit) override;
  void history(const SourceItem& run, const std::function<void(const MetricPoint&)>& visit) override;

 private:
  /// Items of one page by id, which further queries fill.
  using Page = std::map<std::string, SourceItem*, std::less<>>;
  void checkSchema(bool anySchema);
  /// Whether the source has these columns: schemas of several MLflow versions differ.
  bool has(std::string_view table, std::string_view columns = "1");
  /// " AND <alias>.workspace = '…'" for tables that have one.
  std::string ofWorkspace(std::string_view table, std::string_view alias);
  void each(const std::string& sql, db::Params params, const std::function<void(db::Rows&)>& visit);
  void fillTexts(Page& page, std::string_view member, const std::string& sql, const std::string& first,
                 const std::string& last);
  void fillMetrics(Page& page, const std::string& first, const std::string& last);
  void fillInputs(Page& page, const std::string& first, const std::string& last);
  void fillSpans(Page& page, const std::string& first, const std::string& last);
  void fillAssessments(Page& page, const std::string& first, const std::string& last);
  void fillLinks(Page& page, const std::string& first, const std::string& last);
  void fillModelMetrics(Page& page, const std::string& first, const std::string& last);

  std::unique_ptr<db::Database> database_;
  std::string origin_, workspace_;
  std::map<std::string, bool> known_;
};

}  // namespace regesta::cli
