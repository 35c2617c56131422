#include "api/native/usage.h"

#include <cmath>
#include <map>

#include "access/grants.h"
#include "lifecycle/usage.h"
#include "registry/storage_quota.h"

namespace regesta::api::native {
namespace {

using access::Verb;
using lifecycle::Holder;
using lifecycle::UsageRow;

constexpr std::string_view holderNames[] = {"asset", "runs", "clients"};
constexpr std::string_view defaultTag = "team";
constexpr double gigabyte = 1e9;

std::int64_t whole(double bytes) { return std::llround(bytes); }

/// What bytes cost for a month; nothing if no price is configured.
std::optional<double> costOf(const Call& call, double bytes) {
  double price = call.core.usage->pricePerGb();
  if (price <= 0) return std::nullopt;
  return std::round(bytes / gigabyte * price * 1e6) / 1e6;
}

bool mayRead(const Call& call, const UsageRow& row) {
  return call.identity->may(Verb::read, call.workspace,
                            row.holder == Holder::asset ? std::string_view(row.name) : access::everyName);
}

/// Which content is shared with names that the caller may not read would tell what those contain.
void hideSharing(lifecycle::Bytes& bytes) {
  bytes.unique = bytes.logical;
  bytes.share = static_cast<double>(bytes.logical);
}

std::string teamOf(const UsageRow& row, std::string_view tag) {
  auto found = row.tags.find(tag);
  return found == row.tags.end() ? "" : found->second;
}

/// Sums by name, the largest share first.
class Sums {
 public:
  void add(const std::string& name, const UsageRow& row) {
    Sum& sum = sums_[name];
    sum.assets += row.holder == Holder::asset ? 1 : 0;
    sum.versions += row.versions;
    sum.bytes += row.bytes;
  }
  std::vector<UsageSum> take(const Call& call) const {
    std::vector<UsageSum> all;
    for (const auto& [name, sum] : sums_)
      all.push_back({name, sum.assets, sum.versions, sum.bytes.files, sum.bytes.logical, sum.bytes.unique,
                     whole(sum.bytes.share), costOf(call, sum.bytes.share)});
    std::ranges::sort(all, {},
                      [](const UsageSum& sum) { return std::pair(-sum.shareBytes, std::string_view(sum.name)); });
    return all;
  }

 private:
  struct Sum {
    std::int64_t assets = 0, versions = 0;
    lifecycle::Bytes bytes;
  };
  std::map<std::string, Sum> sums_;
};

UsageItem itemOf(const Call& call, const UsageRow& row, std::string_view tag) {
  return {std::string(holderNames[static_cast<std::size_t>(row.holder)]),
          row.kind,
          row.name,
          optionalText(teamOf(row, tag)),
          row.versions,
          row.bytes.files,
          row.bytes.logical,
          row.bytes.unique,
          whole(row.bytes.share),
          costOf(call, row.bytes.share)};
}

void addRows(UsageAnswer& answer, const Call& call, const UsageQuery& query, const lifecycle::WorkspaceUsage& usage) {
  std::string_view tag = query.tag.empty() ? defaultTag : std::string_view(query.tag);
  std::int64_t skip = readNumberToken(query.pageToken), place = 0;
  bool everything = call.identity->may(Verb::read, call.workspace, access::everyName);
  Sums kinds, teams;
  double stored = 0;
  for (const UsageRow& counted : usage.rows) {
    if (!mayRead(call, counted)) continue;
    UsageRow row = counted;
    if (!everything) hideSharing(row.bytes);
    bool asset = row.holder == Holder::asset;
    std::string kind = asset ? row.kind : std::string(holderNames[static_cast<std::size_t>(row.holder)]);
    kinds.add(kind, row);
    teams.add(teamOf(row, tag), row);
    answer.logicalBytes += row.bytes.logical;
    stored += row.bytes.share;
    if (row.bytes.files == 0 || (!query.kind.empty() && query.kind != kind)) continue;
    if (++place <= skip) continue;
    if (answer.items.size() < rowsOf(query.pageSize))
      answer.items.push_back(itemOf(call, row, tag));
    else if (!answer.nextPageToken)
      answer.nextPageToken = makeToken(std::to_string(place - 1));
  }
  answer.storedBytes = whole(stored);
  answer.costPerMonth = costOf(call, stored);
  answer.kinds = kinds.take(call);
  answer.teams = teams.take(call);
}

}  // namespace

UsageAnswer getUsage(Call& call, const UsageQuery& query) {
  std::shared_ptr<const lifecycle::UsageReport> report = call.core.usage->report(query.refresh);
  UsageAnswer answer;
  answer.workspace = call.workspace;
  answer.measuredAt = timeText(report->measuredAt);
  if (std::int64_t quota = registry::storageQuota(); quota > 0) answer.quotaBytes = quota;
  if (call.core.usage->pricePerGb() > 0) answer.pricePerGbMonth = call.core.usage->pricePerGb();
  if (call.identity->may(Verb::administer, "*", access::everyName))
    answer.packs = PacksAnswer{report->packs.content, report->packs.packs};
  if (auto found = report->workspaces.find(call.workspace); found != report->workspaces.end())
    addRows(answer, call, query, found->second);
  return answer;
}

Page<WorkspaceUsageAnswer> listWorkspaceUsage(Call& call, const WorkspaceUsageQuery& query) {
  std::shared_ptr<const lifecycle::UsageReport> report = call.core.usage->report(query.refresh);
  std::vector<WorkspaceUsageAnswer> all;
  for (const auto& [name, usage] : report->workspaces)
    if (call.identity->may(Verb::read, name, access::everyName))
      all.push_back({name, usage.logical, usage.stored, costOf(call, static_cast<double>(usage.stored))});
  return pageOf(
      all, query.pageToken, query.pageSize, [](const WorkspaceUsageAnswer& one) { return one.workspace; },
      [](const WorkspaceUsageAnswer& one) { return one; });
}

}  // namespace regesta::api::native
