#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"

namespace regesta::cli {

/// An item to import, as the import routes take it (docs/import.md), without its digest.
struct SourceItem {
  json::object item;
  std::string artifacts;    ///< URI of its files at the source; empty: none
  std::int64_t points = 0;  ///< metric points in its history
  std::string id() const { return memberText(item, "id"); }
};

struct MetricPoint {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0, step = 0;
};

/// An MLflow or Langfuse server that is read, through its database or its API. Pages are ordered by id and start after
/// the given one. The source may change meanwhile: each page is a consistent view, and a later import brings what was
/// missed.
class Source {
 public:
  virtual ~Source() = default;
  /// Identifies the server among others, also after its database moved: import items are kept under it.
  virtual std::string identity() = 0;
  /// Where it was read, without credentials.
  virtual std::string origin() const = 0;
  /// What is there but will not be imported, one sentence each.
  virtual std::vector<std::string> notes() = 0;
  virtual std::vector<SourceItem> experiments() = 0;
  virtual std::vector<SourceItem> runs(const std::string& after, std::size_t limit) = 0;
  virtual std::vector<SourceItem> loggedModels(const std::string& after, std::size_t limit) = 0;
  /// Registered models and prompts. Beside the members of the import route: "aliases", {"name":version}.
  virtual std::vector<SourceItem> models(const std::string& after, std::size_t limit) = 0;
  /// Ascending. Beside the members of the import route: "stage".
  virtual std::vector<SourceItem> versions(const SourceItem& model) = 0;
  virtual std::vector<SourceItem> traces(const std::string& after, std::size_t limit) = 0;
  /// Scores in the form of Langfuse's API.
  virtual std::vector<json::object> scores(std::size_t page);
  /// Every distinct point of a run.
  virtual void history(const SourceItem& run, const std::function<void(const MetricPoint&)>& visit) = 0;
  /// Whether the source itself hands out artifacts, so that no folder is needed.
  virtual bool servesArtifacts() const { return false; }
  /// Paths and sizes of the files of a run or logged model.
  virtual std::vector<std::pair<std::string, std::uint64_t>> artifacts(const std::string& kind, const SourceItem& item);
  /// Throws Error{notFound}.
  virtual void download(const std::string& kind, const SourceItem& item, const std::string& path,
                        const std::string& file);
};

/// `url`: sqlite:///FILE or postgresql://…, as MLflow's --backend-store-uri takes it. `workspace`: MLflow's. Throws
/// Error{invalid} for a database that MLflow did not write, Error{unsupported} for a newer or too old schema.
std::unique_ptr<Source> openSqlSource(const std::string& url, const std::string& workspace, bool anySchema);

/// `url` as --from takes it. Throws as openSqlSource(), and UsageError for a kind of source that is not known.
std::unique_ptr<Source> openSource(const std::string& url, const std::string& workspace, bool anySchema);
/// The file of a sqlite:/// URL, or the text itself.
std::string sqliteFile(const std::string& url);

/// A Langfuse server, through its API. Credentials: LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, as its SDKs take them.
/// Throws UsageError for another kind of URL.
std::unique_ptr<Source> openLangfuse(const std::string& url);

/// A double as JSON: NaN as text.
json::value realJson(double value);

}  // namespace regesta::cli
