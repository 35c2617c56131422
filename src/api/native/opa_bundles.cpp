#include "api/native/opa_bundles.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "api/archive_writer.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "governance/binding.h"
#include "http/conditional.h"
#include "policy/relocate.h"

namespace regesta::api::native {
namespace {

constexpr std::string_view bundleSuffix = ".tar.gz";

/// "regesta/gate" of a module that begins with "package regesta.gate"; empty: it has no package.
std::string rootOf(std::string_view text) {
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (!line.starts_with("package ")) continue;
    std::string root(trim(line.substr(8)));
    root = root.substr(0, root.find_first_of(" \t#"));
    std::ranges::replace(root, '.', '/');
    return root;
  }
  return {};
}

/// OPA refuses roots of which one is within another.
json::array rootsOf(const std::vector<policy::Module>& modules) {
  std::set<std::string> roots;
  for (const policy::Module& module : modules) roots.insert(rootOf(module.text));
  json::array list;
  for (const std::string& root : roots)
    if (std::ranges::none_of(roots, [&](const std::string& other) { return root.starts_with(other + "/"); }))
      list.emplace_back(root);
  return list;
}

std::string bundleOf(const registry::Version& version, const std::vector<policy::Module>& modules) {
  ArchiveWriter archive(ArchiveWriter::Format::tarGzip, 0);
  auto add = [&](const std::string& path, const std::string& text) {
    archive.file(path, text.size());
    archive.write(text);
  };
  add(".manifest", canonicalJson(json::object{{"revision", version.digest},
                                              {"roots", rootsOf(modules)},
                                              {"rego_version", 1},
                                              {"metadata", json::object{{"policy", version.subject()}}}}));
  std::set<std::string> names;
  for (const policy::Module& module : modules) {
    std::string name = module.name.ends_with(".rego") ? module.name : module.name + ".rego";
    std::ranges::replace(name, '/', '_');
    while (!names.insert(name).second) name = "_" + name;
    add(name, module.text);
  }
  archive.finish();
  return archive.take();
}

void checkPrefix(std::string_view prefix) {
  auto fits = [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; };
  if (!prefix.empty() && (prefix.size() > 64 || std::isdigit(static_cast<unsigned char>(prefix.front())) ||
                          !std::ranges::all_of(prefix, fits)))
    throw Invalid("prefix", "must be at most 64 letters a-z, digits and '_'");
}

}  // namespace

Plain getBundle(Call& call, const BundleQuery& query) {
  checkPrefix(query.prefix);
  std::string name = query.name;
  if (name.ends_with(bundleSuffix)) name.resize(name.size() - bundleSuffix.size());
  registry::AssetKey key = readable(call, "policy", name);
  registry::Version version = call.core.store.read([&](db::Transaction& transaction) {
    return registry::resolveVersion(transaction, key, query.version.empty() ? "latest" : query.version);
  });
  Plain answer;
  std::string etag = fmt::format("\"{}\"", crypto::sha256Hex(version.digest + "\n" + query.prefix).substr(0, 32));
  answer.headers.set("ETag", etag);
  answer.contentType = "application/gzip";
  if (http::evaluateConditions(call.http, {etag, std::nullopt}) == http::Condition::notModified) {
    answer.status = 304;
    return answer;
  }
  std::vector<policy::Module> modules = governance::modulesFromContent(version.content);
  if (!query.prefix.empty())
    for (policy::Module& module : modules) module.text = policy::relocate(module.text, query.prefix);
  answer.body = bundleOf(version, modules);
  return answer;
}

}  // namespace regesta::api::native
