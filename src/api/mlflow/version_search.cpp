#include "api/mlflow/model_search.h"
#include "api/mlflow/search_parts.h"
#include "base/error.h"
#include "registry/search.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using filter::Cell;
using filter::Condition;
using filter::Field;
using filter::Grammar;
using filter::OrderBy;
using registry::VersionGlimpse;

constexpr std::int64_t pageMost = 200'000;
constexpr std::int64_t pageDefault = 200'000;

const Grammar& filterGrammar() {
  static const Grammar grammar{.attributes = {{"name", "name", false, true},
                                              {"version_number", "version_number", true},
                                              {"run_id", "run_id", false, true},
                                              {"source_path", "source_path"}},
                               .tags = true,
                               .noun = "model version"};
  return grammar;
}
const Grammar& orderGrammar() {
  static const Grammar grammar{.attributes = {{"name", "name"},
                                              {"version_number", "version_number", true},
                                              {"creation_timestamp", "creation_timestamp", true},
                                              {"last_updated_timestamp", "last_updated_timestamp", true}},
                               .noun = "model version"};
  return grammar;
}

Cell cellOf(const VersionGlimpse& version, std::string_view key) {
  if (key == "name") return version.name;
  if (key == "version_number") return static_cast<double>(version.number);
  return static_cast<double>(key == "creation_timestamp" ? version.createdAt : version.updatedAt);
}

bool attributesMatch(const std::vector<Condition>& conditions, const VersionGlimpse& version, std::string_view source,
                     std::string_view runId) {
  for (const Condition& condition : conditions) {
    if (condition.field != Field::attribute) continue;
    Cell cell = condition.key == "source_path" ? Cell(std::string(source))
                : condition.key == "run_id"
                    ? Cell(std::string(runId))  // a version without a run has the empty one, as in MLflow
                    : cellOf(version, condition.key);
    if (!filter::matches(condition, cell)) return false;
  }
  return true;
}

void sort(std::vector<VersionGlimpse>& found, const std::vector<OrderBy>& order) {
  std::sort(found.begin(), found.end(), [&](const VersionGlimpse& a, const VersionGlimpse& b) {
    for (const OrderBy& item : order) {
      Cell left = cellOf(a, item.key), right = cellOf(b, item.key);
      if (!filter::sameOrder(left, right)) return filter::comesBefore(left, right, item.ascending);
    }
    if (a.name != b.name) return a.name < b.name;
    return a.number > b.number;
  });
}

/// Whether all tag conditions hold. Prompts have tags that are not stored, so their versions are read whole.
bool tagsHold(db::Transaction& transaction, const std::vector<Condition>& conditions, const VersionGlimpse& version,
              bool prompt) {
  if (prompt) {
    std::optional<registry::Version> whole = registry::findVersionById(transaction, version.id);
    return whole && tagsMatch(conditions, renderedTags(transaction, *whole));
  }
  for (const Condition& condition : conditions) {
    if (condition.field != Field::tag) continue;
    std::optional<std::string> value = registry::versionTag(transaction, version.id, condition.key);
    if (!filter::matches(condition, value ? Cell(*std::move(value)) : Cell())) return false;
  }
  return true;
}

std::vector<VersionGlimpse> collect(db::Transaction& transaction, const Call& call, std::vector<Condition> conditions) {
  bool prompt = takePromptCondition(conditions);
  registry::VersionNarrowing narrowing{prompt ? registry::Kind::prompt : registry::Kind::model,
                                       equalTo(conditions, "name"), equalTo(conditions, "run_id")};
  std::vector<VersionGlimpse> found;
  registry::visitVersions(transaction, call.workspace, narrowing,
                          [&](VersionGlimpse&& version, std::string_view source, std::string_view runId) {
                            if (attributesMatch(conditions, version, source, runId))
                              found.push_back(std::move(version));
                          });
  std::map<std::string, bool> readable;
  std::erase_if(found, [&](const VersionGlimpse& version) {
    auto [at, isNew] = readable.try_emplace(version.name);
    if (isNew) at->second = call.identity->may(Verb::read, call.workspace, version.name);
    return !at->second;
  });
  if (hasTagCondition(conditions))
    std::erase_if(found,
                  [&](const VersionGlimpse& version) { return !tagsHold(transaction, conditions, version, prompt); });
  return found;
}

std::vector<OrderBy> orderOf(const wire::SearchRequest& in) {
  std::vector<OrderBy> order = parseOrder(in.order_by, orderGrammar());
  if (order.empty()) order.push_back({Field::attribute, "last_updated_timestamp", false});
  return order;
}

}  // namespace

wire::VersionList searchModelVersions(Call& call, const wire::SearchRequest& in) {
  std::int64_t page = in.max_results.value_or(pageDefault);
  if (page < 1)
    throw error(Code::invalid, "Invalid value for max_results. It must be a positive integer, but got {}", page);
  if (page > pageMost)
    throw error(Code::invalid,
                "Invalid value for request parameter max_results. It must be at most {}, but got value {}", pageMost,
                page);
  std::vector<Condition> conditions = filter::parseFilter(in.filter, filterGrammar());
  std::vector<OrderBy> order = orderOf(in);
  std::size_t offset = static_cast<std::size_t>(filter::parsePageToken(in.page_token));
  std::size_t end = offset + static_cast<std::size_t>(page);
  return call.core.store.read([&](db::Transaction& transaction) {
    wire::VersionList list;
    std::vector<VersionGlimpse> found = collect(transaction, call, std::move(conditions));
    sort(found, order);
    for (std::size_t i = offset; i < std::min(found.size(), end); ++i)
      if (std::optional<registry::Version> version = registry::findVersionById(transaction, found[i].id))
        list.model_versions.push_back(wire::versionOf(transaction, *version));
    if (found.size() > end) list.next_page_token = filter::pageToken(static_cast<std::int64_t>(end));
    return list;
  });
}

}  // namespace regesta::api::mlflow
