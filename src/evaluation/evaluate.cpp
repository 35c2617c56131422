#include "evaluation/evaluate.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/text.h"
#include "evaluation/data_table.h"
#include "evaluation/fairness.h"

namespace regesta::evaluation {

namespace {

constexpr std::size_t mostGroups = 100;  // over all columns: policies see every one of them

std::vector<std::string> normalValues(const DataTable::Column& column) {
  std::vector<std::string> normal;
  normal.reserve(column.size());
  for (std::string_view text : column) normal.push_back(normalValue(text));
  return normal;
}

/// Shorter ones first, so that ids that count up are sorted. What is sorted so has no key twice.
bool isStrictlySorted(const std::vector<std::string>& keys) {
  auto notBelow = [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a >= b;
  };
  return std::ranges::adjacent_find(keys, notBelow) == keys.end();
}

/// For each row of the dataset the row of the predictions.
std::vector<std::size_t> align(const DataTable& dataset, const DataTable& predictions, const std::string& join) {
  std::vector<std::size_t> rows(dataset.rows());
  if (dataset.rows() != predictions.rows())
    throw error(Code::invalid, "the dataset has {} rows, but the predictions have {}", dataset.rows(),
                predictions.rows());
  if (join.empty()) {
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  std::vector<std::string> keys = normalValues(predictions.column(join)), wanted = normalValues(dataset.column(join));
  if (keys == wanted && isStrictlySorted(keys)) {
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  std::unordered_map<std::string_view, std::size_t> places;
  places.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (!places.emplace(keys[i], i).second)
      throw error(Code::invalid, "the predictions have the {} '{}' twice", join, shorten(keys[i], 80));
  std::vector<bool> used(keys.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto found = places.find(wanted[i]);
    if (found == places.end())
      throw error(Code::invalid, "the predictions have no row with {} '{}'", join, shorten(wanted[i], 80));
    if (used[found->second])
      throw error(Code::invalid, "the dataset has the {} '{}' twice", join, shorten(wanted[i], 80));
    used[found->second] = true;
    rows[i] = found->second;
  }
  return rows;
}

std::vector<std::string> values(const DataTable::Column& column, std::string_view what, const std::string& name) {
  std::vector<std::string> normal = normalValues(column);
  auto missing = std::ranges::find(normal, "");
  if (missing != normal.end())
    throw error(Code::invalid, "{} has no value for '{}' in row {}", what, name, missing - normal.begin() + 1);
  return normal;
}

/// The value that counts as selected. If the request names none, there must be two classes, one of them "1".
std::string positiveValue(const std::string& asked, const std::vector<std::string>& labels,
                          const std::vector<std::string>& predicted) {
  std::unordered_set<std::string_view> distinct(labels.begin(), labels.end());
  distinct.insert(predicted.begin(), predicted.end());
  std::set<std::string, std::less<>> seen(distinct.begin(), distinct.end());
  std::string positive = asked.empty() ? "1" : normalValue(asked);
  if (seen.contains(positive) && (seen.size() <= 2 || !asked.empty())) return positive;
  std::vector<std::string> some(
      seen.begin(), std::next(seen.begin(), static_cast<std::ptrdiff_t>(std::min<std::size_t>(seen.size(), 10))));
  throw Invalid("positive", fmt::format("must name which of the values counts as selected; there are {}: {}",
                                        seen.size(), shorten(join(some, ", "), 200)));
}

std::string groupName(std::string_view text) {
  std::string value = normalValue(text);
  return value.empty() ? "(missing)" : shorten(value, 100);
}

std::vector<double> scores(const DataTable::Column& column, const std::string& name) {
  std::vector<double> numbers;
  numbers.reserve(column.size());
  for (std::size_t i = 0; i < column.size(); ++i) {
    auto number = parseDouble(trim(column[i]));
    if (!number || !std::isfinite(*number))
      throw error(Code::invalid, "the predictions have no number for '{}' in row {}", name, i + 1);
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

Evaluation evaluate(std::string_view datasetBytes, std::string_view predictionBytes, const Columns& columns) {
  if (columns.label.empty()) throw Invalid("label", "is required");
  if (columns.prediction.empty()) throw Invalid("prediction", "is required");
  std::vector<std::string> fromDataset = columns.groups, fromPredictions{columns.prediction};
  fromDataset.push_back(columns.label);
  if (!columns.score.empty()) fromPredictions.push_back(columns.score);
  if (!columns.join.empty()) fromDataset.push_back(columns.join), fromPredictions.push_back(columns.join);
  DataTable dataset = readTable(datasetBytes, "the dataset", fromDataset);
  DataTable predictions = readTable(predictionBytes, "the predictions file", fromPredictions);
  std::vector<std::size_t> rows = align(dataset, predictions, columns.join);

  std::vector<std::string> labels = values(dataset.column(columns.label), "the dataset", columns.label);
  std::vector<std::string> predicted =
      values(predictions.column(columns.prediction), "the predictions file", columns.prediction);
  std::string positive = positiveValue(columns.positive, labels, predicted);
  std::vector<bool> actual(labels.size()), selected(labels.size());
  Confusion all;
  std::int64_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    actual[i] = labels[i] == positive;
    selected[i] = predicted[rows[i]] == positive;
    right += labels[i] == predicted[rows[i]] ? 1 : 0;
    all.add(actual[i], selected[i]);
  }
  Evaluation evaluation{classificationMetrics(all), {}};
  evaluation.metrics["accuracy"] = static_cast<double>(right) / static_cast<double>(labels.size());  // over all classes
  if (!columns.score.empty()) {
    std::vector<double> given = scores(predictions.column(columns.score), columns.score), aligned;
    for (std::size_t row : rows) aligned.push_back(given[row]);
    evaluation.metrics["auc"] = areaUnderCurve(aligned, actual);
  }

  std::size_t groupCount = 0;
  for (const std::string& name : columns.groups) {
    std::map<std::string, Confusion> groups;
    std::unordered_map<std::string_view, Confusion*> bySpelling;
    const auto& column = dataset.column(name);
    for (std::size_t i = 0; i < column.size(); ++i) {
      auto [group, isNew] = bySpelling.try_emplace(column[i], nullptr);
      if (isNew) group->second = &groups[groupName(column[i])];
      group->second->add(actual[i], selected[i]);
      if (groupCount + groups.size() > mostGroups)
        throw Invalid("groups", fmt::format("must have at most {} different values together; '{}' has too many",
                                            mostGroups, name));
    }
    groupCount += groups.size();
    evaluation.fairness[name] = fairnessBy(groups);
  }
  return evaluation;
}

}  // namespace regesta::evaluation
