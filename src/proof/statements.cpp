#include "proof/statements.h"

#include <algorithm>

#include "crypto/hash.h"
#include "proof/pack.h"
#include "registry/version.h"

namespace regesta::proof {
namespace {

constexpr std::string_view noText;

/// How entries digest a member: the text itself, or its canonical JSON.
std::string digestOf(const json::value& value) {
  return crypto::sha256Hex(value.is_string() ? std::string(value.get_string()) : canonicalJson(value));
}

class Checking {
 public:
  Checking(const Documents& documents, const Report& report) : documents_(documents), report_(report) {}

  void run() {
    for (const auto& [path, value] : documents_.values) items(path, value);
    history();
    contents();
    decisions();
  }

 private:
  const json::value& document(std::string_view path) const { return documentOf(documents_, path); }
  template <class Visit>
  void each(std::string_view path, Visit visit) const {
    if (!document(path).is_array()) return report_(path, "is missing or not a list");
    for (const json::object* item : itemsOf(documents_, path)) visit(*item);
  }
  std::string_view textOf(std::string_view path) const {
    auto found = documents_.texts.find(path);
    return found == documents_.texts.end() ? noText : std::string_view(found->second);
  }

  /// Every object that names its entry says what the entry says.
  void items(std::string_view path, const json::value& value) {
    if (value.is_array())
      for (const json::value& item : value.get_array()) items(path, item);
    if (!value.is_object()) return;
    const json::object& object = value.get_object();
    for (const auto& [name, member] : object) items(path, member);
    const json::value* index = object.if_contains("entry");
    if (!index || !object.contains("by") || path == manifestPath) return;
    auto entry = index->is_int64() ? documents_.entries.find(index->get_int64()) : documents_.entries.end();
    if (entry == documents_.entries.end())
      return report_(path, fmt::format("names entry {}, which the pack does not prove", json::serialize(*index)));
    item(path, object, entry->first, entry->second);
  }

  void item(std::string_view path, const json::object& object, std::int64_t index, const json::object& body) {
    const json::value& said = memberOf(body, "data");
    static const json::object nothing;
    const json::object& data = said.is_object() ? said.get_object() : nothing;
    for (const auto& [name, value] : object) {
      const json::value* proven = name == "time" || name == "action" || name == "subject" || name == "data"
                                      ? body.if_contains(name)
                                  : name == "by" ? body.if_contains("actor")
                                                 : data.if_contains(name);
      // What was withheld is null; an entry leaves out what is empty.
      if (!proven || value.is_null()) continue;
      if (value == *proven || (proven->is_string() && proven->get_string() == digestOf(value))) continue;
      report_(path, fmt::format("says {} = {}, entry {} says {}", std::string_view(name), json::serialize(value), index,
                                json::serialize(*proven)));
    }
  }

  /// The history lists every entry of the pack except the one that seals it.
  void history() {
    std::vector<std::int64_t> listed, proven;
    each("history.json", [&](const json::object& item) { listed.push_back(memberInteger(item, "entry")); });
    for (const auto& [index, body] : documents_.entries) proven.push_back(index);
    if (!proven.empty()) proven.pop_back();
    if (listed != proven)
      report_("history.json", "does not list the entries of the pack, each once and in their order");
  }

  void contents() {
    const json::value& version = document("version.json");
    if (!version.is_object()) return report_("version.json", "is missing or not an object");
    std::string digest = memberText(version.get_object(), "digest");
    const json::value& references = memberOf(version.get_object(), "references");
    for (std::string_view path : {"content.json", "files.sha256"})
      if (auto found = documents_.digests.find(path);
          found != documents_.digests.end() && found->second != digest && !references.is_array())
        report_(path, fmt::format("has the digest {}, the version has {}", found->second, digest));
    if (references.is_array())
      if (std::string found = contentDigest(version.get_object()); found != digest)
        report_("version.json",
                fmt::format("has files and references with the digest {}, the version has {}", found, digest));
    files(version.get_object());
    each("evidence.json", [&](const json::object& item) { named("evidence.json", item); });
    each("policies.json", [&](const json::object& item) { named("policies.json", item); });
    cited();
  }

  /// Of files and references.
  static std::string contentDigest(const json::object& version) {
    std::vector<registry::VersionFile> files;
    std::vector<registry::VersionReference> references;
    auto each = [&](std::string_view name, auto take) {
      if (const json::value& list = memberOf(version, name); list.is_array())
        for (const json::value& item : list.get_array())
          if (item.is_object()) take(item.get_object());
    };
    each("files", [&](const json::object& file) {
      files.push_back({memberText(file, "path"), memberText(file, "digest"), memberInteger(file, "size")});
    });
    each("references", [&](const json::object& one) {
      references.push_back({memberText(one, "path"), memberText(one, "uri"), memberText(one, "digest"),
                            memberInteger(one, "size"), memberText(one, "about")});
    });
    return registry::digestOfContent(std::move(files), std::move(references));
  }

  /// A file that a document names has the digest that the document says.
  void named(std::string_view path, const json::object& item) {
    std::string file = memberText(item, "file"), digest = memberText(item, "digest");
    if (file.empty()) return;
    auto found = documents_.digests.find(file);
    if (found == documents_.digests.end()) return report_(path, fmt::format("names {}, which is missing", file));
    if (found->second != digest)
      report_(file, fmt::format("has the digest {}, {} says {}", found->second, path, digest));
  }

  void files(const json::object& version) {
    std::string sums;
    const json::value& list = memberOf(version, "files");
    if (list.is_array())
      for (const json::value& item : list.get_array()) {
        if (!item.is_object()) continue;
        const json::object& file = item.get_object();
        sums += fmt::format("{}  {}\n", memberText(file, "digest"), memberText(file, "path"));
        auto member = documents_.digests.find(std::string(filesFolder) + memberText(file, "path"));
        if (member != documents_.digests.end() && member->second != memberText(file, "digest"))
          report_(member->first,
                  fmt::format("has the digest {}, the version has {}", member->second, memberText(file, "digest")));
      }
    if (sums != textOf("files.sha256")) report_("version.json", "has other files than files.sha256");
  }

  void cited() {
    std::string_view content = textOf("run/content.json");
    if (content.empty()) return;
    const json::value& value = document("run/content.json");
    const json::value& metrics = value.is_object() ? memberOf(value.get_object(), "metrics") : value;
    if (!metrics.is_object() ||
        memberText(metrics.get_object(), "latest_digest") != crypto::sha256Hex(textOf("run/metrics.json")))
      report_("run/metrics.json", "is not what run/content.json digests");
  }

  void decisions() {
    std::map<std::string, std::string> policies;
    each("policies.json",
         [&](const json::object& item) { policies[memberText(item, "policy")] = memberText(item, "digest"); });
    each("decisions.json", [&](const json::object& item) {
      std::string file = memberText(item, "file"), digest = memberText(item, "digest");
      const json::value& body = document(file);
      if (!body.is_object()) return report_("decisions.json", fmt::format("names {}, which is missing", file));
      bool redacted = memberOf(item, "redacted") == json::value(true);
      if (!redacted && documents_.digests.find(file)->second != digest)
        report_(file, fmt::format("is not the decision {}", digest));
      for (std::string_view name : {"pointer", "time", "result"})
        if (memberOf(item, name) != memberOf(body.get_object(), name))
          report_("decisions.json", fmt::format("has another {} than {}", name, file));
      const json::value& evaluations = memberOf(body.get_object(), "evaluations");
      if (!evaluations.is_array()) return report_(file, "has no evaluations");
      for (const json::value& evaluation : evaluations.get_array()) {
        if (!evaluation.is_object()) continue;
        auto policy = policies.find(memberText(evaluation.get_object(), "policy"));
        std::string used = memberText(evaluation.get_object(), "policy_digest");
        if (!used.empty() && (policy == policies.end() || policy->second != used))
          report_("policies.json", fmt::format("does not have the policy {} that {} used",
                                               memberText(evaluation.get_object(), "policy"), file));
      }
    });
  }

  const Documents& documents_;
  const Report& report_;
};

}  // namespace

void checkStatements(const Documents& documents, const Report& report) {
  Checking(documents, report).run();
  checkState(documents, report);
}

}  // namespace regesta::proof
