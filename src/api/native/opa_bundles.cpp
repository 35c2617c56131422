#include "api/native/opa_bundles.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "api/archive_writer.h"
#include "api/native/attestations.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/jws.h"
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
std::vector<std::string> rootsOf(const std::vector<policy::Module>& modules) {
  std::set<std::string> roots;
  for (const policy::Module& module : modules) roots.insert(rootOf(module.text));
  std::vector<std::string> list;
  for (const std::string& root : roots)
    if (std::ranges::none_of(roots, [&](const std::string& other) { return root.starts_with(other + "/"); }))
      list.push_back(root);
  return list;
}

std::vector<policy::Module> modulesOf(const registry::Version& version, std::string_view prefix) {
  std::vector<policy::Module> modules = governance::modulesFromContent(version.content);
  if (!prefix.empty())
    for (policy::Module& module : modules) module.text = policy::relocate(module.text, prefix);
  return modules;
}

struct BundleFile {
  std::string path, text;
};

std::vector<BundleFile> filesOf(const registry::Version& version, std::string_view prefix) {
  std::vector<policy::Module> modules = modulesOf(version, prefix);
  BundleRevision revision{version.asset.key.name, version.number, version.digest, std::string(prefix)};
  std::vector<BundleFile> files = {
      {".manifest", canonicalJson(json::object{{"revision", revision.text()},
                                               {"roots", json::value_from(rootsOf(modules))},
                                               {"rego_version", 1},
                                               {"metadata", json::object{{"policy", version.subject()}}}})}};
  std::set<std::string> names;
  for (policy::Module& module : modules) {
    std::string name = module.name.ends_with(".rego") ? module.name : module.name + ".rego";
    std::ranges::replace(name, '/', '_');
    while (!names.insert(name).second) name = "_" + name;
    files.push_back({std::move(name), std::move(module.text)});
  }
  return files;
}

/// ".signatures.json" of OPA's bundle format: a token with the digest of every other file. OPA takes the digest of JSON
/// over its values in sorted order, which for the manifest is that of its bytes.
BundleFile signatureOf(const std::vector<BundleFile>& files, const crypto::EcKey& key) {
  json::array list;
  for (const BundleFile& file : files)
    list.push_back(json::object{{"name", file.path}, {"hash", crypto::sha256Hex(file.text)}, {"algorithm", "SHA-256"}});
  std::string token = crypto::signJws(key, json::serialize(json::object{{"files", std::move(list)}}));
  return {".signatures.json", json::serialize(json::object{{"signatures", json::array{json::value(token)}}})};
}

std::string packed(const std::vector<BundleFile>& files) {
  ArchiveWriter archive(ArchiveWriter::Format::tarGzip, 0);
  for (const BundleFile& file : files) {
    archive.file(file.path, file.text.size());
    archive.write(file.text);
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

std::string BundleRevision::text() const {
  return fmt::format("{}@{}:{}{}{}", name, number, digest, prefix.empty() ? "" : ":", prefix);
}

std::optional<BundleRevision> BundleRevision::read(std::string_view text) {
  std::vector<std::string_view> parts = split(text, ':');
  std::size_t at = parts.front().rfind('@');
  if (parts.size() < 2 || parts.size() > 3 || at == std::string_view::npos) return std::nullopt;
  auto number = parseInteger(parts.front().substr(at + 1));
  if (!number) return std::nullopt;
  return BundleRevision{std::string(parts.front().substr(0, at)), *number, std::string(parts[1]),
                        parts.size() == 3 ? std::string(parts[2]) : ""};
}

std::vector<std::string> bundleRoots(const registry::Version& version, std::string_view prefix) {
  return rootsOf(modulesOf(version, prefix));
}

Plain getBundle(Call& call, const BundleQuery& query) {
  checkPrefix(query.prefix);
  std::string name = query.name;
  if (name.ends_with(bundleSuffix)) name.resize(name.size() - bundleSuffix.size());
  registry::AssetKey key = readable(call, "policy", name);
  registry::Version version = call.core.store.read([&](db::Transaction& transaction) {
    return registry::resolveVersion(transaction, key, query.version.empty() ? "latest" : query.version);
  });
  Plain answer;
  std::string state = fmt::format("{}\n{}\n{}", version.subject(), version.digest, query.prefix);
  std::string etag =
      fmt::format("\"{}\"", crypto::sha256Hex(query.isSigned ? state + "\nsigned" : state).substr(0, 32));
  if (query.isSigned) etag = "W/" + etag;  // each signature has other bytes
  answer.headers.set("ETag", etag);
  answer.contentType = "application/gzip";
  if (http::evaluateConditions(call.http, {etag, std::nullopt}) == http::Condition::notModified) {
    answer.status = 304;
    return answer;
  }
  std::vector<BundleFile> files = filesOf(version, query.prefix);
  if (query.isSigned) files.push_back(signatureOf(files, attestationSigner(call)));
  answer.body = packed(files);
  return answer;
}

}  // namespace regesta::api::native
