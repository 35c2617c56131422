#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::int64_t number(const json::object& answer, std::string_view name) {
  const json::value* value = answer.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

/// Adds up an answer that comes in parts: numbers are summed, lists are joined, the rest is of the last part.
void merge(json::object& sum, const json::object& part) {
  for (const auto& [name, value] : part) {
    json::value& whole = sum[name];
    if (whole.is_int64() && value.is_int64())
      whole = whole.get_int64() + value.get_int64();
    else if (whole.is_array() && value.is_array())
      whole.get_array().insert(whole.get_array().end(), value.get_array().begin(), value.get_array().end());
    else
      whole = value;
  }
}

/// Calls the route until it has been through every page.
json::object everyPage(Session& session, const std::string& path, json::object body, std::string_view counted,
                       bool bytes) {
  Progress progress("blobs", 0, bytes);
  json::object sum;
  for (;;) {
    json::object part = session.api().post(path, body).as_object();
    merge(sum, part);
    progress.set(static_cast<std::uint64_t>(number(sum, counted)));
    std::string next = member(part, "next_page_token");
    if (next.empty()) break;
    body["page_token"] = next;
  }
  sum.erase("next_page_token");
  return sum;
}

std::uint64_t sizeOf(const json::object& answer, std::string_view list) {
  std::uint64_t bytes = 0;
  if (const json::value* items = answer.if_contains(list))
    for (const json::value& item : items->as_array())
      bytes += static_cast<std::uint64_t>(number(item.as_object(), "size"));
  return bytes;
}
std::size_t countOf(const json::object& answer, std::string_view list) {
  const json::value* items = answer.if_contains(list);
  return items == nullptr ? 0 : items->as_array().size();
}

int collect(Session& session) {
  json::object body{{"dry_run", session.args.flag("dry-run")}};
  if (auto hours = session.args.integer("grace-hours")) body["grace_hours"] = *hours;
  json::object answer = everyPage(session, route({"blobs", "collect"}), body, "looked", false);
  return session.said(
      answer,
      fmt::format("{}: {} blobs, {} kept\n"
                  "unused since now: {} ({}), removed after the grace period\n"
                  "unused for the whole grace period: {} ({})\n"
                  "packs: {} unused since now, {} removed ({}), {} leftover files",
                  session.args.flag("dry-run") ? "nothing was changed" : "collected", number(answer, "looked"),
                  number(answer, "kept"), countOf(answer, "condemned"), byteText(sizeOf(answer, "condemned")),
                  countOf(answer, "removed"), byteText(sizeOf(answer, "removed")), number(answer, "packs_condemned"),
                  number(answer, "packs_removed"), byteText(static_cast<std::uint64_t>(number(answer, "bytes_freed"))),
                  number(answer, "stray_files")));
}

std::string damageText(const json::object& answer) {
  std::string text;
  for (const json::value& each : answer.at("damaged").as_array()) {
    const json::object& pack = each.as_object();
    text += fmt::format("\ndamaged: {}", member(pack, "problem"));
    for (const json::value& affected : pack.at("blobs").as_array()) {
      text += fmt::format("\n  blob {}", member(affected.as_object(), "digest"));
      for (const json::value& version : affected.as_object().at("versions").as_array())
        text += fmt::format("\n    {}", std::string_view(version.as_string()));
    }
  }
  return text;
}

int scrub(Session& session) {
  json::object body;
  if (auto rate = session.args.integer("bytes-per-second")) body["bytes_per_second"] = *rate;
  json::object answer = everyPage(session, route({"blobs", "scrub"}), body, "bytes", true);
  session.said(answer, fmt::format("{} packs, {} read, {} damaged{}", number(answer, "packs"),
                                   byteText(static_cast<std::uint64_t>(number(answer, "bytes"))),
                                   countOf(answer, "damaged"), damageText(answer)));
  return countOf(answer, "damaged") == 0 ? Exit::done : Exit::unverified;
}

int repack(Session& session) {
  Progress progress("repack", 0);
  json::object sum;
  for (bool more = true; more;) {
    json::object part = session.api().post(route({"blobs", "repack"})).as_object();
    more = member(part, "more") == "true";
    merge(sum, part);
    progress.set(static_cast<std::uint64_t>(number(sum, "bytes")));
  }
  sum.erase("more");
  return session.said(
      sum, fmt::format("{} whole files ({}) moved into packs, {} packs merged or rewritten, {} damaged files left",
                       number(sum, "files"), byteText(static_cast<std::uint64_t>(number(sum, "bytes"))),
                       number(sum, "packs_replaced"), countOf(sum, "damaged")));
}

int reindex(Session& session) {
  json::object answer = session.api().post(route({"blobs", "reindex"})).as_object();
  session.said(answer, fmt::format("{} packs, {} of them new; {} new blobs, {} incomplete; {} packs damaged or missing",
                                   number(answer, "packs"), number(answer, "new_packs"), number(answer, "new_blobs"),
                                   number(answer, "incomplete"), countOf(answer, "damaged")));
  return countOf(answer, "damaged") == 0 && number(answer, "incomplete") == 0 ? Exit::done : Exit::unverified;
}

}  // namespace

Commands blobCommands() {
  return {
      {.path = "blob gc",
       .summary = "remove content that nothing refers to",
       .options =
           {{"dry-run", "", "report what would be removed, and change nothing"},
            {"grace-hours", "N",
             "hours that content must be unused before it is marked, and marked before it is removed (default 24)"}},
       .examples = {"regesta blob gc --dry-run", "regesta blob gc"},
       .run = collect,
       .more = "Content that nothing refers to is marked first. A later run removes it, when the grace period is over "
               "and it is still unused. Uploads that became part of no version count as used for 7 days."},
      {.path = "blob scrub",
       .summary = "read all packs, compare them with their hashes and report damage",
       .options = {{"bytes-per-second", "N", "read at most this fast (default 100000000)"}},
       .examples = {"regesta blob scrub", "regesta blob scrub --bytes-per-second 20000000"},
       .run = scrub,
       .more = "Exit code 5 reports damage. Upload the affected files again, or restore the packs from a backup."},
      {.path = "blob repack",
       .summary = "move whole files of earlier versions into packs, and merge small and mostly unused packs",
       .examples = {"regesta blob repack"},
       .run = repack,
       .more = "It can be stopped at any time and continues where it stopped."},
      {.path = "blob reindex",
       .summary = "rebuild the index of blobs from the packs",
       .examples = {"regesta blob reindex"},
       .run = reindex},
  };
}

}  // namespace regesta::cli
