#include "api/langfuse/prompt_list.h"

#include <algorithm>
#include <set>

#include "api/langfuse/prompt_wire.h"
#include "base/limits.h"
#include "base/time.h"
#include "registry/pointer.h"

namespace regesta::api::langfuse {
namespace {

using registry::Asset;

/// The query's conditions on a prompt, parsed once.
struct Filter {
  const ListQuery& query;
  std::optional<std::int64_t> from, to;

  explicit Filter(const ListQuery& query)
      : query(query),
        from(timeOf("fromUpdatedAt", query.fromUpdatedAt)),
        to(timeOf("toUpdatedAt", query.toUpdatedAt)) {}

  bool admits(db::Transaction& transaction, const Asset& asset) const {
    if (from && asset.updatedAt < *from) return false;
    if (to && asset.updatedAt >= *to) return false;
    if (!query.tag.empty()) {
      std::vector<std::string> words = wordsOf(asset.tags);
      if (std::ranges::find(words, query.tag) == words.end()) return false;
    }
    if (query.label.empty() || query.label == latestLabel) return true;
    return registry::findAlias(transaction, asset, query.label).has_value();
  }
};

std::vector<Asset> everyPrompt(db::Transaction& transaction, const Call& call, const ListQuery& query) {
  if (!query.name.empty()) {
    auto asset = registry::findAsset(transaction, {call.workspace, registry::Kind::prompt, query.name});
    return asset ? std::vector{*std::move(asset)} : std::vector<Asset>();
  }
  std::vector<Asset> all;
  for (std::string after;;) {
    std::vector<Asset> some =
        registry::listAssets(transaction, call.workspace, registry::Kind::prompt, after, limits::pageSize);
    if (some.empty()) return all;
    after = some.back().key.name;
    std::ranges::move(some, std::back_inserter(all));
  }
}

PromptMeta metaOf(db::Transaction& transaction, const Asset& asset) {
  PromptMeta meta{.name = asset.key.name,
                  .type = "text",
                  .versions = {},
                  .labels = {},
                  .tags = wordsOf(asset.tags),
                  .lastUpdatedAt = formatTime(asset.updatedAt),
                  .lastConfig = {"{}"}};
  std::vector<registry::Version> versions = registry::listVersions(transaction, asset, limits::pageSize);
  for (const registry::Version& version : versions) meta.versions.push_back(version.number);
  std::ranges::sort(meta.versions);
  for (const registry::Alias& alias : registry::listAliases(transaction, asset)) meta.labels.push_back(alias.name);
  if (versions.empty()) return meta;
  meta.labels.emplace_back(latestLabel);
  if (versions.front().content.empty()) return meta;
  prompt::Prompt newest = prompt::parsePrompt(versions.front().content);
  meta.type = newest.chat ? "chat" : "text";
  if (!newest.modelConfig.is_null()) meta.lastConfig.text = writeJson(newest.modelConfig);
  return meta;
}

}  // namespace

PageMeta pageOf(std::int64_t page, std::int64_t limit, std::size_t total) {
  auto items = static_cast<std::int64_t>(total);
  return {page, limit, items, (items + limit - 1) / limit};
}

PromptList listPrompts(Call& call, const ListQuery& query) {
  Filter filter(query);
  return call.core.store.read([&](db::Transaction& transaction) {
    std::vector<Asset> found = everyPrompt(transaction, call, query);
    std::erase_if(found, [&](const Asset& asset) {
      return !call.identity->may(access::Verb::read, call.workspace, asset.key.name) ||
             !filter.admits(transaction, asset);
    });
    PromptList list;
    list.meta = list.pagination = pageOf(query.page, query.limit, found.size());
    auto first = std::min<std::size_t>(found.size(), static_cast<std::size_t>((query.page - 1) * query.limit));
    auto last = std::min<std::size_t>(found.size(), first + static_cast<std::size_t>(query.limit));
    for (std::size_t i = first; i < last; ++i) list.data.push_back(metaOf(transaction, found[i]));
    return list;
  });
}

}  // namespace regesta::api::langfuse
