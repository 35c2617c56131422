#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

/// Members that every sum has.
struct UsageSum {
  std::string name;
  std::int64_t assets = 0, versions = 0, files = 0, logicalBytes = 0, uniqueBytes = 0, shareBytes = 0;
  std::optional<double> costPerMonth;
  static constexpr Field fields[] = {
      field<&UsageSum::name>("name"),
      field<&UsageSum::assets>("assets"),
      field<&UsageSum::versions>("versions"),
      field<&UsageSum::files>("files"),
      field<&UsageSum::logicalBytes>("logical_bytes", about("every file counted")),
      field<&UsageSum::uniqueBytes>("unique_bytes",
                                    about("content that only one asset uses: what deleting those assets would free")),
      field<&UsageSum::shareBytes>("share_bytes",
                                   about("part of the stored bytes; content with n users counts 1/n for each")),
      field<&UsageSum::costPerMonth>("cost_per_month")};
};
struct UsageItem {
  std::string holder, kind, name;
  std::optional<std::string> team;
  std::int64_t versions = 0, files = 0, logicalBytes = 0, uniqueBytes = 0, shareBytes = 0;
  std::optional<double> costPerMonth;
  static constexpr Field fields[] = {
      field<&UsageItem::holder>("holder", about("asset; runs: artifacts of runs and logged models; clients: objects of "
                                                "DVC, Git LFS and other content clients")),
      field<&UsageItem::kind>("kind"),
      field<&UsageItem::name>("name"),
      field<&UsageItem::team>("team", about("the asset's value of the tag")),
      field<&UsageItem::versions>("versions"),
      field<&UsageItem::files>("files"),
      field<&UsageItem::logicalBytes>("logical_bytes"),
      field<&UsageItem::uniqueBytes>("unique_bytes", about("what deleting it would free")),
      field<&UsageItem::shareBytes>("share_bytes"),
      field<&UsageItem::costPerMonth>("cost_per_month")};
};
struct PacksAnswer {
  std::int64_t contentBytes = 0, packBytes = 0;
  static constexpr Field fields[] = {
      field<&PacksAnswer::contentBytes>("content_bytes", about("every content of the server once")),
      field<&PacksAnswer::packBytes>("pack_bytes", about("after removing equal chunks, and compressed"))};
};
struct UsageAnswer {
  std::string workspace;
  std::optional<std::string> measuredAt;
  std::int64_t logicalBytes = 0, storedBytes = 0;
  std::optional<std::int64_t> quotaBytes;
  std::optional<double> pricePerGbMonth, costPerMonth;
  std::vector<UsageSum> kinds, teams;
  std::optional<PacksAnswer> packs;
  std::vector<UsageItem> items;
  std::optional<std::string> nextPageToken;
  static constexpr Field fields[] = {
      field<&UsageAnswer::workspace>("workspace"),
      field<&UsageAnswer::measuredAt>("measured_at", about("measured again after five minutes")),
      field<&UsageAnswer::logicalBytes>("logical_bytes"),
      field<&UsageAnswer::storedBytes>("stored_bytes", about("each content once, of what the caller may read")),
      field<&UsageAnswer::quotaBytes>("quota_bytes", about("absent: no limit")),
      field<&UsageAnswer::pricePerGbMonth>("price_per_gb_month", about("absent: not configured")),
      field<&UsageAnswer::costPerMonth>("cost_per_month", about("of the stored bytes, before compression")),
      field<&UsageAnswer::kinds>("kinds"),
      field<&UsageAnswer::teams>("teams", about("by the asset's value of the tag; empty name: without that tag")),
      field<&UsageAnswer::packs>("packs", about("for administrators of the server")),
      field<&UsageAnswer::items>("items", about("what has files, the largest share first")),
      field<&UsageAnswer::nextPageToken>("next_page_token")};
};
struct UsageQuery {
  std::string kind, tag, pageToken;
  bool refresh = false;
  std::int64_t pageSize = 0;
  static constexpr std::string_view documentation =
      "Measured for the whole server at most every five minutes, and kept in memory: measured_at says when. Sums are "
      "over what the caller may read; artifacts of runs and objects of content clients belong to every name of the "
      "workspace. Content of other workspaces counts nowhere. Callers who may not read every name see every file as if "
      "it shared nothing.";
  static constexpr Field fields[] = {
      field<&UsageQuery::kind>("kind", about("only items of this kind")),
      field<&UsageQuery::tag>("tag", atMost(250) | about("tag whose values are the teams; absent: team")),
      field<&UsageQuery::refresh>("refresh", about("measure again, unless that was in the last ten seconds")),
      field<&UsageQuery::pageToken>("page_token"), field<&UsageQuery::pageSize>("page_size", pageRule)};
};
struct WorkspaceUsageQuery {
  bool refresh = false;
  std::string pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&WorkspaceUsageQuery::refresh>("refresh"),
                                     field<&WorkspaceUsageQuery::pageToken>("page_token"),
                                     field<&WorkspaceUsageQuery::pageSize>("page_size", pageRule)};
};
struct WorkspaceUsageAnswer {
  std::string workspace;
  std::int64_t logicalBytes = 0, storedBytes = 0;
  std::optional<double> costPerMonth;
  static constexpr Field fields[] = {field<&WorkspaceUsageAnswer::workspace>("workspace"),
                                     field<&WorkspaceUsageAnswer::logicalBytes>("logical_bytes"),
                                     field<&WorkspaceUsageAnswer::storedBytes>("stored_bytes"),
                                     field<&WorkspaceUsageAnswer::costPerMonth>("cost_per_month")};
};

UsageAnswer getUsage(Call& call, const UsageQuery& query);
/// Of the workspaces in which the caller may read every name.
Page<WorkspaceUsageAnswer> listWorkspaceUsage(Call& call, const WorkspaceUsageQuery& query);

}  // namespace regesta::api::native
