#include "api/native/version_diff.h"

#include "registry/file_change.h"

namespace regesta::api::native {
namespace {

using registry::FileChange;

FileChangeAnswer answerOf(const FileChange& change) {
  FileChangeAnswer answer{.path = change.path(), .change = "changed"};
  if (change.before) {
    answer.digestBefore = change.before->digest;
    answer.sizeBefore = change.before->size;
  } else {
    answer.change = "added";
  }
  if (change.after) {
    answer.digest = change.after->digest;
    answer.size = change.after->size;
  } else {
    answer.change = "removed";
  }
  return answer;
}

}  // namespace

VersionDiffAnswer compareVersions(Call& call, const VersionDiffQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  VersionDiffAnswer answer;
  registry::FileChanges changes = call.core.store.read([&](db::Transaction& transaction) {
    registry::Version from = registry::resolveVersion(transaction, key, query.from);
    registry::Version version = registry::resolveVersion(transaction, key, query.selector);
    answer.from = from.number;
    answer.version = version.number;
    return registry::changesOf(registry::versionFiles(transaction, from), registry::versionFiles(transaction, version));
  });
  for (const FileChange& change : changes.all)
    ++(!change.before ? answer.added : change.after ? answer.changed : answer.removed);
  answer.unchanged = static_cast<std::int64_t>(changes.unchanged);
  auto page = pageOf(
      changes.all, query.pageToken, query.pageSize, [](const FileChange& change) { return change.path(); }, answerOf);
  for (FileChangeAnswer& item : page.items)
    if (item.change == "changed")
      item.sharedBytes = static_cast<std::int64_t>(call.core.blobs.sharedBytes(*item.digest, *item.digestBefore));
  answer.items = std::move(page.items);
  answer.nextPageToken = std::move(page.nextPageToken);
  return answer;
}

}  // namespace regesta::api::native
