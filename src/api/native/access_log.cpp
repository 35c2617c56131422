#include "api/native/access_log.h"

#include <algorithm>

#include "access/grants.h"

namespace regesta::api::native {
namespace {

/// Who read what is about people: reading the asset is not enough.
void requireAudit(const Call& call, std::string_view name) {
  if (std::ranges::count(call.identity->rolesOn(call.workspace, name), "auditor") > 0) return;
  call.require(access::Verb::administer, name);
}

AccessItem itemOf(const registry::AccessEntry& entry) {
  AccessItem item;
  item.id = entry.id;
  item.at = timeText(entry.at);
  item.actor = entry.actor;
  item.front = entry.front;
  item.action = entry.action;
  item.name = entry.name;
  if (entry.number != 0) item.version = entry.number;
  item.path = optionalText(entry.path);
  item.bytes = entry.bytes;
  return item;
}

AccessLogAnswer answerOf(const registry::AccessLogRule& rule) {
  return {rule.percent, rule.keepDays, timeText(rule.setAt), optionalText(rule.setBy)};
}

}  // namespace

Page<AccessItem> listAccess(Call& call, const AccessQuery& query) {
  registry::AccessSearch search{.workspace = call.workspace, .actor = query.actor};
  search.since = momentOf(query.since, "since").value_or(0);
  search.until = momentOf(query.until, "until").value_or(INT64_MAX);
  if (std::int64_t before = readNumberToken(query.pageToken)) search.before = before;
  std::size_t wanted = rowsOf(query.pageSize);
  search.limit = wanted + 1;
  requireAudit(call, query.name.empty() ? access::everyName : std::string_view(query.name));
  return call.core.store.read([&](db::Transaction& transaction) {
    if (!query.name.empty()) {
      registry::Version version = registry::resolveVersion(transaction, readable(call, query.kind, query.name),
                                                           query.version.empty() ? "latest" : query.version);
      search.asset = version.asset.id;
      search.number = version.number;
    }
    Page<AccessItem> page;
    for (const registry::AccessEntry& entry : registry::searchAccess(transaction, search)) {
      if (page.items.size() == wanted) {
        page.nextPageToken = makeToken(std::to_string(page.items.back().id));
        break;
      }
      page.items.push_back(itemOf(entry));
    }
    return page;
  });
}

AccessLogAnswer getAccessLog(Call& call, const Empty&) {
  return answerOf(call.core.store.read(
      [&](db::Transaction& transaction) { return registry::accessLogRule(transaction, call.workspace); }));
}

AccessLogAnswer setAccessLog(Call& call, const AccessLogSetting& request) {
  call.require(access::Verb::administer, access::everyName);
  return answerOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    return registry::setAccessLogRule(
        change, {.workspace = call.workspace, .percent = request.percent, .keepDays = request.keepDays});
  }));
}

}  // namespace regesta::api::native
