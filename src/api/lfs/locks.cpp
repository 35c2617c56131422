#include "api/lfs/locks.h"

#include <algorithm>

#include "api/lfs/dialect.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/path_lock.h"

namespace regesta::api::lfs {
namespace {

using access::Verb;
using registry::PathLock;

constexpr std::int64_t pageSize = 100;
constexpr std::size_t pathLength = 4096;

http::Response answer(int status = 200) {
  http::Response response;
  response.status = status;
  response.contentType = mediaType;
  return response;
}

void writeLock(JsonWriter& writer, const PathLock& lock) {
  writer.object().key("id").text(std::to_string(lock.id)).key("path").text(lock.path);
  writer.key("locked_at").text(formatTime(lock.lockedAt));
  writer.key("owner").object().key("name").text(lock.owner.substr(lock.owner.find(':') + 1)).end();
  writer.end();
}

http::Response lockAnswer(int status, const PathLock& lock, std::string_view message = {}) {
  http::Response response = answer(status);
  JsonWriter writer(response.body);
  writer.object().key("lock");
  writeLock(writer, lock);
  if (!message.empty()) writer.key("message").text(message);
  writer.end();
  return response;
}

struct Page {
  std::vector<PathLock> locks;
  std::string next;  ///< empty: there are no more
};

Page pageOf(const Call& call, std::string_view cursor, std::int64_t limit) {
  if (limit <= 0) limit = pageSize;
  auto after = cursor.empty() ? std::optional<std::int64_t>(0) : parseInteger(cursor);
  if (!after) throw Invalid("cursor", "must be the \"next_cursor\" of an answer");
  std::size_t wanted = static_cast<std::size_t>(std::min(limit, pageSize));
  Page page{call.core.store.read([&](db::Transaction& transaction) {
              return registry::listPathLocks(transaction, call.workspace, *after, wanted + 1);
            }),
            {}};
  if (page.locks.size() > wanted) {
    page.locks.pop_back();
    page.next = std::to_string(page.locks.back().id);
  }
  return page;
}

void writeList(JsonWriter& writer, std::string_view name, const std::vector<PathLock>& locks) {
  writer.key(name).array();
  for (const PathLock& lock : locks) writeLock(writer, lock);
  writer.end();
}

std::int64_t numberOf(std::string_view text) {
  auto number = parseInteger(text);
  if (!number) throw error(Code::notFound, "there is no lock '{}'", shorten(text, 40));
  return *number;
}

}  // namespace

http::Response lock(const Call& call, const json::object& body) {
  std::string path = memberText(body, "path");
  if (path.empty() || path.size() > pathLength || !isUtf8(path) || path.find('\0') != path.npos)
    throw Invalid("path", fmt::format("must be a path of 1 to {} bytes", pathLength));
  std::optional<PathLock> there;
  bool made = call.core.store.write([&](db::Transaction& transaction) {
    there = registry::lockPath(transaction, call.workspace, path, call.actor());
    if (there) return true;
    there = registry::findPathLock(transaction, call.workspace, path);
    return false;
  });
  if (made) return lockAnswer(201, *there);
  return lockAnswer(409, *there, fmt::format("'{}' is already locked by {}", path, there->owner));
}

http::Response listLocks(const Call& call, const json::object&) {
  std::string path, id, cursor;
  std::int64_t limit = 0;
  for (const auto& [name, value] : http::parseQuery(call.http.query)) {
    if (name == "path") path = value;
    if (name == "id") id = value;
    if (name == "cursor") cursor = value;
    if (name == "limit") limit = parseInteger(value).value_or(0);
  }
  Page page;
  if (path.empty() && id.empty()) {
    page = pageOf(call, cursor, limit);
  } else {
    auto found = call.core.store.read([&](db::Transaction& transaction) {
      return id.empty() ? registry::findPathLock(transaction, call.workspace, path)
                        : registry::findPathLock(transaction, call.workspace, parseInteger(id).value_or(0));
    });
    if (found && (path.empty() || found->path == path)) page.locks.push_back(*found);
  }
  http::Response response = answer();
  JsonWriter writer(response.body);
  writer.object();
  writeList(writer, "locks", page.locks);
  if (!page.next.empty()) writer.key("next_cursor").text(page.next);
  writer.end();
  return response;
}

http::Response verifyLocks(const Call& call, const json::object& body) {
  Page page = pageOf(call, memberText(body, "cursor"), memberInteger(body, "limit"));
  auto theirs = std::ranges::stable_partition(page.locks, [&](const PathLock& lock) {
                  return lock.owner == call.actor().name;
                }).begin();
  http::Response response = answer();
  JsonWriter writer(response.body);
  writer.object();
  writeList(writer, "ours", {page.locks.begin(), theirs});
  writeList(writer, "theirs", {theirs, page.locks.end()});
  if (!page.next.empty()) writer.key("next_cursor").text(page.next);
  writer.end();
  return response;
}

http::Response unlock(const Call& call, const json::object& body) {
  std::int64_t id = numberOf(call.http.variable("id"));
  const json::value* given = body.if_contains("force");
  bool force = given && given->is_bool() && given->get_bool();
  PathLock removed;
  call.core.store.write([&](db::Transaction& transaction) {
    auto found = registry::findPathLock(transaction, call.workspace, id);
    if (!found) throw error(Code::notFound, "there is no lock '{}'", id);
    if (found->owner != call.actor().name) {
      if (!force)
        throw error(Code::denied, "'{}' is locked by {}; an admin of the workspace can unlock it with --force",
                    found->path, found->owner);
      call.require(Verb::administer, "*");
    }
    registry::removePathLock(transaction, call.workspace, id);
    removed = *found;
  });
  return lockAnswer(200, removed);
}

}  // namespace regesta::api::lfs
