#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct VersionDiffQuery {
  std::string kind, name, selector, from, pageToken;
  std::int64_t pageSize = 0;
  static constexpr std::string_view documentation =
      "Compares files by path and digest. shared_bytes says how much of a changed file is stored once for both "
      "versions.";
  static constexpr Field fields[] = {
      field<&VersionDiffQuery::kind>("kind", required),
      field<&VersionDiffQuery::name>("name", required),
      field<&VersionDiffQuery::selector>("selector", required),
      field<&VersionDiffQuery::from>(
          "from", required | about("the version to compare with: a number, SemVer, alias or latest")),
      field<&VersionDiffQuery::pageToken>("page_token"),
      field<&VersionDiffQuery::pageSize>("page_size", pageRule)};
};

struct FileChangeAnswer {
  std::string path, change;
  std::optional<std::string> digestBefore, digest;
  std::optional<std::int64_t> sizeBefore, size, sharedBytes;
  static constexpr Field fields[] = {field<&FileChangeAnswer::path>("path"),
                                     field<&FileChangeAnswer::change>("change", about("added, removed or changed")),
                                     field<&FileChangeAnswer::digestBefore>("digest_before"),
                                     field<&FileChangeAnswer::digest>("digest"),
                                     field<&FileChangeAnswer::sizeBefore>("size_before"),
                                     field<&FileChangeAnswer::size>("size"),
                                     field<&FileChangeAnswer::sharedBytes>("shared_bytes", about("of a changed file"))};
};

struct VersionDiffAnswer {
  std::int64_t from = 0, version = 0, added = 0, removed = 0, changed = 0, unchanged = 0;
  std::vector<FileChangeAnswer> items;
  std::optional<std::string> nextPageToken;
  static constexpr Field fields[] = {field<&VersionDiffAnswer::from>("from"),
                                     field<&VersionDiffAnswer::version>("version"),
                                     field<&VersionDiffAnswer::added>("added", about("number of files")),
                                     field<&VersionDiffAnswer::removed>("removed", about("number of files")),
                                     field<&VersionDiffAnswer::changed>("changed", about("number of files")),
                                     field<&VersionDiffAnswer::unchanged>("unchanged", about("number of files")),
                                     field<&VersionDiffAnswer::items>("items"),
                                     field<&VersionDiffAnswer::nextPageToken>("next_page_token")};
};

VersionDiffAnswer compareVersions(Call& call, const VersionDiffQuery& query);

}  // namespace regesta::api::native
