#include <algorithm>

#include "api/wandb/resolvers.h"
#include "api/wandb/run_files.h"
#include "api/wandb/run_filter.h"
#include "api/wandb/run_object.h"
#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/tree.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;

constexpr std::string_view projects = "projects of this name";
constexpr std::int64_t longestHistory = 100'000;  // lines in one answer
constexpr std::size_t mostSpecs = 20;             // of sampledHistory; each parses the history

json::value listProjects(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    json::array edges;
    for (const auto& one : tracking::listExperiments(transaction, field.call.workspace, tracking::View::activeOnly))
      if (field.call.identity->may(Verb::read, field.call.workspace, one.name))
        edges.push_back(json::object{{"node", projectObject(one)}, {"cursor", one.name}});
    return json::object{{"edges", std::move(edges)},
                        {"pageInfo", json::object{{"hasNextPage", false}, {"endCursor", nullptr}}}};
  });
}

/// A run of the parent project; null when there is none.
json::value run(FieldCall& field) {
  std::string name = field.text("name");
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto project = findProject(field.call, transaction, memberText(field.parent, "name"));
    auto found = project ? findRecord(transaction, *project, name) : std::nullopt;
    if (!found || found->run.deleted) return nullptr;
    json::object made = runObject(*found);
    std::vector<std::string> last = readLines(transaction, *found, Stream::history, found->history - 1, 1);
    made["historyTail"] = writeJson(json::array(last.begin(), last.end()));
    last = readLines(transaction, *found, Stream::events, found->events - 1, 1);
    made["eventsTail"] = writeJson(json::array(last.begin(), last.end()));
    // Without it the client takes the run for one that never began.
    const json::value config = parseJson(found->config);
    if (const json::value* own = config.as_object().if_contains("_wandb"); own && own->is_object())
      if (const json::value* value = own->get_object().if_contains("value")) made["wandbConfig"] = writeJson(*value);
    return made;
  });
}

std::vector<RunRecord> matching(FieldCall& field, db::Transaction& transaction) {
  auto project = findProject(field.call, transaction, memberText(field.parent, "name"));
  if (!project) return {};
  Filter filter(field.text("filters"));
  field.budget.check();
  std::vector<RunRecord> all = listRecords(transaction, *project);
  std::erase_if(all, [&](const RunRecord& record) {
    field.budget.check();
    return !accepts(filter, record);
  });
  sortRuns(all, field.text("order"));
  return all;
}

json::value runs(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    std::vector<RunRecord> all = matching(field, transaction);
    std::size_t from = static_cast<std::size_t>(parseInteger(field.text("after")).value_or(0));
    std::size_t count = static_cast<std::size_t>(std::clamp<std::int64_t>(memberInteger(field.args, "first"), 1, 1000));
    json::array edges;
    std::size_t at = std::min(from, all.size());
    for (; at < all.size() && edges.size() < count; ++at)
      edges.push_back(json::object{{"node", runObject(all[at])}, {"cursor", std::to_string(at + 1)}});
    return json::object{
        {"totalCount", all.size()},
        {"edges", std::move(edges)},
        {"pageInfo", json::object{{"hasNextPage", at < all.size()}, {"endCursor", std::to_string(at)}}}};
  });
}

json::value runCount(FieldCall& field) {
  return field.call.core.store.read(
      [&](db::Transaction& transaction) { return json::value(matching(field, transaction).size()); });
}

RunRecord recordOf(FieldCall& field, db::Transaction& transaction) {
  return getRecord(field.call, transaction,
                   {field.call.workspace, memberText(field.parent, "_project"), memberText(field.parent, "_run")},
                   Verb::read);
}

/// History lines as JSON texts: those with a step in [minStep, maxStep), or about `samples` of them.
json::value lines(FieldCall& field, Stream stream) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    RunRecord record = recordOf(field, transaction);
    std::int64_t samples = memberInteger(field.args, "samples");
    json::array made;
    std::vector<std::string> all = readLines(transaction, record, stream, 0, static_cast<std::size_t>(longestHistory));
    if (field.args.contains("maxStep")) {
      std::int64_t first = memberInteger(field.args, "minStep"), end = memberInteger(field.args, "maxStep");
      for (const std::string& line : all) {
        std::int64_t step = memberInteger(parseJson(line).as_object(), "_step");
        if (step >= first && step < end) made.emplace_back(line);
      }
      return made;
    }
    std::size_t every = samples > 0 ? std::max<std::size_t>(1, all.size() / static_cast<std::size_t>(samples)) : 1;
    for (std::size_t at = 0; at < all.size(); at += every) made.emplace_back(all[at]);
    return made;
  });
}
json::value history(FieldCall& field) { return lines(field, Stream::history); }
json::value events(FieldCall& field) { return lines(field, Stream::events); }

/// One list a specification {"keys":[…],"minStep","maxStep","samples"}: the lines that have all its keys.
json::value sampledHistory(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    RunRecord record = recordOf(field, transaction);
    json::array lists;
    const json::array& specs = field.args.at("specs").as_array();
    if (specs.size() > mostSpecs) throw Invalid("specs", fmt::format("must be at most {}", mostSpecs));
    const std::vector<std::string> all =
        readLines(transaction, record, Stream::history, 0, static_cast<std::size_t>(longestHistory));
    for (const json::value& text : specs) {
      json::value spec = parseJson(std::string(text.as_string()));
      if (!spec.is_object()) throw Invalid("specs", "must be JSON objects");
      const json::object& wanted = spec.as_object();
      json::array list;
      for (const std::string& line : all) {
        json::value read = parseJson(line);
        json::object& row = read.as_object();
        std::int64_t step = memberInteger(row, "_step");
        // Here the last step belongs to the range.
        if (wanted.contains("maxStep") &&
            (step < memberInteger(wanted, "minStep") || step > memberInteger(wanted, "maxStep")))
          continue;
        const json::value* keys = wanted.if_contains("keys");
        if (!keys || !keys->is_array()) {
          list.push_back(std::move(read));
          continue;
        }
        json::object picked;
        bool complete = true;
        for (const json::value& key : keys->get_array()) {
          const json::value* value = valueAt(read, std::string(key.as_string()));
          complete = complete && value;
          if (value) picked[key.as_string()] = *value;
        }
        if (complete) list.push_back(std::move(picked));
      }
      lists.push_back(std::move(list));
    }
    return lists;
  });
}

/// There are no files with history: all of it is in the lines.
json::value parquetHistory(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    RunRecord record = recordOf(field, transaction);
    json::array live;
    for (const std::string& line :
         readLines(transaction, record, Stream::history, 0, static_cast<std::size_t>(longestHistory))) {
      live.push_back(json::object{{"_step", memberInteger(parseJson(line).as_object(), "_step")}});
    }
    return json::object{{"parquetUrls", json::array{}}, {"liveData", std::move(live)}};
  });
}

json::value logLines(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    RunRecord record = recordOf(field, transaction);
    std::int64_t count = std::clamp<std::int64_t>(memberInteger(field.args, "first"), 0, 10'000);
    std::int64_t from = parseInteger(field.text("after")).value_or(0);
    if (std::int64_t last = memberInteger(field.args, "last"); last > 0) {
      count = std::min<std::int64_t>(last, 10'000);
      from = std::max<std::int64_t>(0, record.logs - count);
    }
    json::array edges;
    for (std::string& line : readLines(transaction, record, Stream::logs, from, static_cast<std::size_t>(count)))
      edges.push_back(json::object{{"node", json::object{{"number", from++}, {"line", std::move(line)}}}});
    return json::object{
        {"edges", std::move(edges)},
        {"pageInfo", json::object{{"hasNextPage", from < record.logs}, {"endCursor", std::to_string(from)}}}};
  });
}

json::value files(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    RunRecord record = recordOf(field, transaction);
    RunFileUrls urls(field.call, record);
    std::string folder = folderOf(record);
    const json::value* names = field.args.if_contains("names");
    const std::string pattern = field.text("pattern");
    bool all = !names || !names->is_array() || names->get_array().empty();
    std::size_t from = static_cast<std::size_t>(parseInteger(field.text("after")).value_or(0));
    std::size_t count = static_cast<std::size_t>(std::clamp<std::int64_t>(memberInteger(field.args, "first"), 1, 1000));
    json::array edges;
    std::size_t at = 0;
    for (const registry::TreeFile& file : registry::filesBelow(transaction, record.entity, folder)) {
      std::string name = file.path.substr(std::min(file.path.size(), folder.size() + 1));
      if (!pattern.empty() && !like(name, pattern, false)) continue;
      bool wanted = all || std::ranges::find(names->get_array(), json::value(name)) != names->get_array().end();
      if (!wanted || at++ < from || edges.size() >= count) continue;
      std::string url = urls.of(name);
      json::object node{{"id", runFileId({record.entity, record.project, record.name}, name)},
                        {"name", name},
                        {"displayName", name},
                        {"url", url},
                        {"directUrl", url},
                        {"sizeBytes", file.size},
                        {"mimetype", ""},
                        {"md5", ""},
                        {"updatedAt", formatTime(file.modifiedAt)}};
      edges.push_back(json::object{{"cursor", std::to_string(at)}, {"node", std::move(node)}});
    }
    bool more = from + count < at;
    json::value end = nullptr;
    if (more) end = std::to_string(from + count);
    return json::object{{"totalCount", at},
                        {"edges", std::move(edges)},
                        {"pageInfo", json::object{{"hasNextPage", more}, {"endCursor", std::move(end)}}}};
  });
}

json::value fileCount(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) {
    RunRecord record = recordOf(field, transaction);
    return json::value(registry::filesBelow(transaction, record.entity, folderOf(record)).size());
  });
}

constexpr Resolver table[] = {
    {"Run", "files", reads(projects), Where::parent, files},
    {"Run", "fileCount", reads(projects), Where::parent, fileCount},
    {"Query", "models", reads(projects), Where::args, listProjects},
    {"Project", "run", reads(projects), Where::parent, run},
    {"Project", "bucket", reads(projects), Where::parent, run},
    {"Project", "runs", reads(projects), Where::parent, runs},
    {"Project", "runCount", reads(projects), Where::parent, runCount},
    {"Run", "history", reads(projects), Where::parent, history},
    {"Run", "events", reads(projects), Where::parent, events},
    {"Run", "sampledHistory", reads(projects), Where::parent, sampledHistory},
    {"Run", "parquetHistory", reads(projects), Where::parent, parquetHistory},
    {"Run", "logLines", reads(projects), Where::parent, logLines},
};

}  // namespace

std::span<const Resolver> runListResolvers() { return table; }

}  // namespace regesta::api::wandb
