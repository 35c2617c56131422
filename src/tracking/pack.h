#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regesta::tracking {

/// A run's latest values are stored in its row as JSON in a fixed form (members sorted, no spaces). SQL can read it;
/// this code scans it without building a tree, because a search reads every run's row.

using Texts = std::map<std::string, std::string, std::less<>>;

struct Metric {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0, step = 0;
};

/// {"key":"value",…}. unpackTexts throws Error{corrupt} for text that packTexts did not write.
std::string packTexts(const Texts& texts);
Texts unpackTexts(std::string_view packed);

/// {"key":[value,timestamp,step],…}, sorted by key. NaN is the string "NaN".
std::string packMetrics(const std::vector<Metric>& metrics);
std::vector<Metric> unpackMetrics(std::string_view packed);

/// A key as written in packed text: made once per search and compared as bytes with every row.
class PackedKey {
 public:
  explicit PackedKey(std::string_view key);
  std::optional<std::string> textIn(std::string_view packed) const;
  std::optional<double> metricIn(std::string_view packed) const;
  bool isIn(std::string_view packed) const;

 private:
  std::string quoted_;
};

/// One batch of history: [["key",value,timestamp,step],…].
std::string packBatch(const std::vector<Metric>& points);
/// Calls `visit(metric)` for each point of `key`, or for all if `key` is empty.
void unpackBatch(std::string_view packed, std::string_view key, std::vector<Metric>& into);

/// Puts `fresh` into `latest` (sorted by key) where it is newer by (step, timestamp, value), as MLflow orders them.
void mergeLatest(std::vector<Metric>& latest, const std::vector<Metric>& fresh);

}  // namespace regesta::tracking
