#include "api/hf/tree.h"

#include <set>
#include <span>

#include "api/hf/commit_reader.h"
#include "api/hf/file_entry.h"
#include "base/encoding.h"
#include "base/text.h"

namespace regesta::api::hf {
namespace {

constexpr std::size_t entriesAtOnce = 1000, expandedAtOnce = 50;
constexpr std::size_t regularSize = 1024 * 1024;  // larger files, and such with bytes that no text has, come before

/// A commit with its files by path.
struct Opened {
  registry::Asset asset;
  registry::Commit commit;
  std::vector<registry::VersionFile> files;
};

Opened open(const Call& call, db::Transaction& transaction, const Repo& repo) {
  Opened opened{getRepo(transaction, repo), {}, {}};
  opened.commit = getRevision(transaction, repo, opened.asset, call.http.variable("revision"));
  if (opened.commit.version) opened.files = registry::versionFiles(transaction, *opened.commit.version);
  return opened;
}

/// The commit that brought a file's present content, or added to a folder: found by walking back through the parents.
class LastCommits {
 public:
  LastCommits(db::Transaction& transaction, const Opened& opened) : transaction_(transaction), opened_(opened) {}
  const registry::Commit& of(const std::string& path, const std::string& digest) {
    for (std::size_t at = 0;; ++at) {
      if (at == chain_.size() && !extend()) return chain_.back().commit;
      auto older = at + 1 < chain_.size() || extend() ? &chain_[at + 1] : nullptr;
      if (!older) return chain_[at].commit;
      auto file = older->files.find(path);
      if (file == older->files.end() || file->second != digest) return chain_[at].commit;
    }
  }

 private:
  struct Link {
    registry::Commit commit;
    std::map<std::string, std::string> files;  ///< path to digest
  };
  static constexpr std::size_t longest = 200;

  bool extend() {
    if (chain_.size() >= longest) return false;
    std::optional<registry::Commit> next;
    if (chain_.empty())
      next = opened_.commit;
    else
      next = registry::parentOf(transaction_, opened_.asset, chain_.back().commit);
    if (!next) return false;
    Link link{*std::move(next), {}};
    if (link.commit.version)
      for (const registry::VersionFile& file : registry::versionFiles(transaction_, *link.commit.version))
        link.files[file.path] = file.digest;
    chain_.push_back(std::move(link));
    return true;
  }

  db::Transaction& transaction_;
  const Opened& opened_;
  std::vector<Link> chain_;
};

/// One line of a listing: a file, or a folder that files are in.
struct Entry {
  std::string path;
  const registry::VersionFile* file = nullptr;
};

/// The files below a folder; files are by path, and '0' follows '/'.
std::span<const registry::VersionFile> filesBelow(const Opened& opened, const std::string& folder) {
  if (folder.empty()) return opened.files;
  auto from = std::ranges::lower_bound(opened.files, folder + '/', {}, &registry::VersionFile::path);
  auto to = std::ranges::lower_bound(opened.files, folder + '0', {}, &registry::VersionFile::path);
  return {from, to};
}

/// A folder's id depends on what is in it.
std::string folderId(const Opened& opened, const std::string& folder) {
  auto inside = filesBelow(opened, folder);
  return registry::digestOfFiles({inside.begin(), inside.end()}).substr(0, 40);
}

std::vector<Entry> entriesBelow(const Opened& opened, const std::string& folder, bool recursive) {
  std::vector<Entry> entries;
  std::set<std::string> folders;
  std::size_t skip = folder.empty() ? 0 : folder.size() + 1;
  for (const registry::VersionFile& file : filesBelow(opened, folder)) {
    std::size_t slash = file.path.find('/', skip);
    for (; slash != std::string::npos; slash = recursive ? file.path.find('/', slash + 1) : std::string::npos) {
      folders.insert(file.path.substr(0, slash));
      if (!recursive) break;
    }
    if (recursive || file.path.find('/', skip) == std::string::npos) entries.push_back({file.path, &file});
  }
  for (const std::string& each : folders) entries.push_back({each, nullptr});
  std::ranges::sort(entries, {}, &Entry::path);
  return entries;
}

class EntryWriter {
 public:
  EntryWriter(const Call& call, db::Transaction& transaction, const Opened& opened, bool expand, std::string& body)
      : call_(call), opened_(opened), expand_(expand), commits_(transaction, opened), writer_(body) {
    writer_.array();
  }
  void write(const Entry& entry) {
    if (entry.file) {
      const registry::Commit* last = expand_ ? &commits_.of(entry.path, entry.file->digest) : nullptr;
      return writeFile(writer_, call_.core, *entry.file, last);
    }
    writer_.object().key("type").text("directory").key("path").text(entry.path).key("size").number(0);
    writer_.key("oid").text(folderId(opened_, entry.path));
    if (expand_) {
      writer_.key("lastCommit");
      writeLastCommit(writer_, opened_.commit);
    }
    writer_.end();
  }
  void finish() { writer_.end(); }

 private:
  const Call& call_;
  const Opened& opened_;
  bool expand_;
  LastCommits commits_;
  JsonWriter writer_;
};

std::vector<std::string> pathsOf(const json::object& body) {
  std::vector<std::string> paths;
  const json::value* value = body.if_contains("paths");
  if (value && value->is_string()) paths.emplace_back(value->get_string());
  if (value && value->is_array())
    for (const json::value& path : value->get_array())
      if (path.is_string()) paths.emplace_back(path.get_string());
  if (paths.size() > entriesAtOnce) throw error(Code::tooLarge, "one request names at most {} paths", entriesAtOnce);
  return paths;
}

bool isSet(const json::object& body, std::string_view member) {
  const json::value* value = body.if_contains(member);
  return value && (*value == json::value(true) || *value == json::value("true") || *value == json::value("1"));
}

bool isText(std::string_view sample) {
  // A sample may end within a character.
  for (int cut = 0; cut < 4 && static_cast<std::size_t>(cut) <= sample.size(); ++cut)
    if (isUtf8(sample.substr(0, sample.size() - static_cast<std::size_t>(cut))))
      return sample.find('\0') == sample.npos;
  return false;
}

}  // namespace

http::Response listTree(Call& call, const Repo& repo, const json::value&) {
  std::string folder(call.http.variable("path")), cursor = queryValue(call.http, "cursor");
  while (folder.ends_with('/')) folder.pop_back();
  bool recursive = queryFlag(call.http, "recursive"), expand = queryFlag(call.http, "expand");
  std::size_t limit = pageLimit(call.http, expand ? expandedAtOnce : entriesAtOnce, entriesAtOnce);
  return call.core.store.read([&](db::Transaction& transaction) {
    Opened opened = open(call, transaction, repo);
    std::vector<Entry> entries = entriesBelow(opened, folder, recursive);
    if (entries.empty() && !folder.empty()) throw entryNotFound(repo, opened.commit, folder);
    http::Response response;
    EntryWriter writer(call, transaction, opened, expand, response.body);
    auto entry = std::ranges::upper_bound(entries, cursor, {}, &Entry::path);
    if (cursor.empty()) entry = entries.begin();
    for (std::size_t written = 0; entry != entries.end() && written < limit; ++entry, ++written) writer.write(*entry);
    writer.finish();
    if (entry != entries.end()) linkNext(call, response, std::prev(entry)->path);
    return response;
  });
}

http::Response pathsInfo(Call& call, const Repo& repo, const json::value& body) {
  std::vector<std::string> paths = pathsOf(objectOf(body));
  bool expand = isSet(body.get_object(), "expand");
  return call.core.store.read([&](db::Transaction& transaction) {
    Opened opened = open(call, transaction, repo);
    http::Response response;
    EntryWriter writer(call, transaction, opened, expand, response.body);
    for (const std::string& path : paths) {
      auto file = std::ranges::lower_bound(opened.files, path, {}, &registry::VersionFile::path);
      if (file != opened.files.end() && file->path == path)
        writer.write({path, &*file});
      else if (!path.empty() && !filesBelow(opened, path).empty())
        writer.write({path, nullptr});
    }
    writer.finish();
    return response;
  });
}

http::Response preupload(Call& call, const Repo& repo, const json::value& body) {
  const json::value* files = objectOf(body).if_contains("files");
  if (!files || !files->is_array()) throw Invalid("files", "must be a list of {\"path\", \"size\", \"sample\"}");
  return call.core.store.read([&](db::Transaction& transaction) {
    Opened opened = open(call, transaction, repo);
    http::Response response;
    JsonWriter writer(response.body);
    writer.object().key("commitOid").text(opened.commit.id).key("files").array();
    for (const json::value& value : files->get_array()) {
      if (!value.is_object()) throw Invalid("files", "must be a list of {\"path\", \"size\", \"sample\"}");
      const json::object& file = value.get_object();
      std::string path = repoPath(memberText(file, "path"));
      std::optional<std::string> sample = base64Decode(memberText(file, "sample"));
      if (!sample) throw Invalid("files.sample", "must be base64");
      std::int64_t size = memberInteger(file, "size");
      bool large = size > static_cast<std::int64_t>(regularSize) || !isText(*sample);
      writer.object().key("path").text(path).key("uploadMode").text(large ? "lfs" : "regular");
      writer.key("shouldIgnore").boolean(false);
      auto known = std::ranges::lower_bound(opened.files, path, {}, &registry::VersionFile::path);
      if (large && known != opened.files.end() && known->path == path) writer.key("oid").text(known->digest);
      writer.end();
    }
    writer.end().end();
    return response;
  });
}

}  // namespace regesta::api::hf
