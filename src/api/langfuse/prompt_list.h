#pragma once
#include "api/langfuse/dialect.h"

namespace regesta::api::langfuse {

struct ListQuery {
  std::string name, label, tag, fromUpdatedAt, toUpdatedAt;
  std::int64_t page = 1, limit = 10;
  static constexpr Field fields[] = {field<&ListQuery::name>("name"),
                                     field<&ListQuery::label>("label"),
                                     field<&ListQuery::tag>("tag"),
                                     field<&ListQuery::fromUpdatedAt>("fromUpdatedAt"),
                                     field<&ListQuery::toUpdatedAt>("toUpdatedAt"),
                                     field<&ListQuery::page>("page", atLeast(1) | atMost(1'000'000)),
                                     field<&ListQuery::limit>("limit", atLeast(1) | atMost(100))};
};
struct PromptMeta {
  std::string name, type;
  std::vector<std::int64_t> versions;
  std::vector<std::string> labels, tags;
  std::string lastUpdatedAt;
  RawJson lastConfig;
  static constexpr Field fields[] = {field<&PromptMeta::name>("name"),
                                     field<&PromptMeta::type>("type"),
                                     field<&PromptMeta::versions>("versions"),
                                     field<&PromptMeta::labels>("labels"),
                                     field<&PromptMeta::tags>("tags"),
                                     field<&PromptMeta::lastUpdatedAt>("lastUpdatedAt"),
                                     field<&PromptMeta::lastConfig>("lastConfig")};
};
struct PageMeta {
  std::int64_t page = 1, limit = 10, totalItems = 0, totalPages = 0;
  static constexpr Field fields[] = {field<&PageMeta::page>("page"), field<&PageMeta::limit>("limit"),
                                     field<&PageMeta::totalItems>("totalItems"),
                                     field<&PageMeta::totalPages>("totalPages")};
};
/// Old SDKs read `pagination`, new ones `meta`.
struct PromptList {
  std::vector<PromptMeta> data;
  PageMeta meta, pagination;
  static constexpr Field fields[] = {field<&PromptList::data>("data"), field<&PromptList::meta>("meta"),
                                     field<&PromptList::pagination>("pagination")};
};

/// Prompts that the caller may read, by name.
PromptList listPrompts(Call& call, const ListQuery& query);

/// Pagination data of page `page` of `total` items.
PageMeta pageOf(std::int64_t page, std::int64_t limit, std::size_t total);

}  // namespace regesta::api::langfuse
