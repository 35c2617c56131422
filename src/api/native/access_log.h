#pragma once
#include "api/native/common.h"
#include "registry/access_log.h"

namespace regesta::api::native {

struct AccessItem {
  std::int64_t id = 0;
  std::optional<std::string> at;
  std::string actor, front, action, name;
  std::optional<std::int64_t> version;
  std::optional<std::string> path;
  std::int64_t bytes = 0;
  static constexpr Field fields[] = {
      field<&AccessItem::id>("id"),
      field<&AccessItem::at>("at"),
      field<&AccessItem::actor>("actor"),
      field<&AccessItem::front>("front", about("native, mlflow, langfuse, ofrep, hf, oci, s3, dvc, lfs, git")),
      field<&AccessItem::action>("action", about("read or download; lost: reads that did not fit into memory")),
      field<&AccessItem::name>("name", about("as it was asked for: model/loan-risk@production")),
      field<&AccessItem::version>("version", about("number; absent: not a version")),
      field<&AccessItem::path>("path", about("of a file")),
      field<&AccessItem::bytes>("bytes")};
};
struct AccessQuery {
  std::string kind, name, version, actor, since, until, pageToken;
  std::int64_t pageSize = 0;
  static constexpr std::string_view documentation =
      "Newest first. Needs admin or auditor on the asset; without one, on the workspace.";
  static constexpr Field fields[] = {field<&AccessQuery::kind>("kind"),
                                     field<&AccessQuery::name>("name", about("with kind and version: one version")),
                                     field<&AccessQuery::version>("version"),
                                     field<&AccessQuery::actor>("actor", about("user:ana, token:ci")),
                                     field<&AccessQuery::since>("since", about("RFC 3339")),
                                     field<&AccessQuery::until>("until", about("RFC 3339")),
                                     field<&AccessQuery::pageToken>("page_token"),
                                     field<&AccessQuery::pageSize>("page_size", pageRule)};
};
struct AccessLogSetting {
  std::int64_t percent = 0, keepDays = 0;
  static constexpr Field fields[] = {
      field<&AccessLogSetting::percent>(
          "percent", present | atLeast(0) | atMost(100) | about("of the reads that are kept; 0: off, 100: complete")),
      field<&AccessLogSetting::keepDays>("keep_days", atLeast(0) | about("0: for ever"))};
};
struct AccessLogAnswer {
  std::int64_t percent = 0, keepDays = 0;
  std::optional<std::string> setAt, setBy;
  static constexpr Field fields[] = {
      field<&AccessLogAnswer::percent>("percent"), field<&AccessLogAnswer::keepDays>("keep_days"),
      field<&AccessLogAnswer::setAt>("set_at"), field<&AccessLogAnswer::setBy>("set_by")};
};

Page<AccessItem> listAccess(Call& call, const AccessQuery& query);
AccessLogAnswer getAccessLog(Call& call, const Empty& request);
AccessLogAnswer setAccessLog(Call& call, const AccessLogSetting& request);

}  // namespace regesta::api::native
