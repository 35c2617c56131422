#include "proof/model_signature.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "proof/bundle.h"
#include "proof/documents.h"

namespace regesta::proof {
namespace {

/// Like the tool that defines the format: by the components of the path.
std::vector<std::pair<std::string, std::string>> inOrder(const FileDigests& files) {
  std::vector<std::pair<std::string, std::string>> list(files.begin(), files.end());
  std::ranges::sort(list, [](const auto& a, const auto& b) { return split(a.first, '/') < split(b.first, '/'); });
  return list;
}

struct Resource {
  std::string name, digest;
};

std::string rootOf(const std::vector<Resource>& resources) {
  std::string digests;
  for (const Resource& resource : resources) digests += hexDecode(resource.digest).value_or("");
  return crypto::sha256Hex(digests);
}

const json::value& at(const json::object& object, std::string_view name) { return memberOf(object, name); }

std::expected<std::vector<Resource>, std::string> resourcesOf(const json::object& statement) {
  if (memberText(statement, "predicateType") != modelPredicate)
    return std::unexpected(fmt::format("the statement is a {}, not {}",
                                       shorten(memberText(statement, "predicateType"), 200), modelPredicate));
  const json::value& predicate = at(statement, "predicate");
  if (!predicate.is_object()) return std::unexpected("the statement has no predicate");
  const json::value &how = at(predicate.get_object(), "serialization"), &list = at(predicate.get_object(), "resources");
  if (!how.is_object() || memberText(how.get_object(), "method") != "files" ||
      memberText(how.get_object(), "hash_type") != "sha256")
    return std::unexpected("the files were not digested whole with SHA-256: sign with method 'files' and 'sha256'");
  if (!list.is_array() || list.get_array().empty()) return std::unexpected("the statement lists no files");
  std::vector<Resource> resources;
  for (const json::value& item : list.get_array()) {
    Resource resource;
    if (item.is_object()) resource = {memberText(item.get_object(), "name"), memberText(item.get_object(), "digest")};
    if (resource.name.empty() || !isLowerHex(resource.digest, 64))
      return std::unexpected("a resource of the statement has no name or no SHA-256");
    resources.push_back(std::move(resource));
  }
  const json::value& subjects = at(statement, "subject");
  bool one = subjects.is_array() && subjects.get_array().size() == 1 && subjects.get_array()[0].is_object();
  const json::value& digest = one ? at(subjects.get_array()[0].get_object(), "digest") : subjects;
  if (!digest.is_object() || memberText(digest.get_object(), "sha256") != rootOf(resources))
    return std::unexpected("the statement's subject is not the digest of its resources");
  return resources;
}

}  // namespace

json::object signFiles(std::string_view name, const FileDigests& files, const crypto::EcKey& key) {
  if (files.empty()) throw Invalid("files", "must not be empty: a signature is over the files of a version");
  std::vector<Resource> resources;
  json::array listed;
  for (auto& [path, digest] : inOrder(files)) {
    resources.push_back({path, digest});
    listed.push_back(json::object{{"name", path}, {"algorithm", "sha256"}, {"digest", digest}});
  }
  json::object serialization{
      {"method", "files"}, {"hash_type", "sha256"}, {"allow_symlinks", false}, {"ignore_paths", json::array()}};
  return signStatement(
      {{"_type", statementType},
       {"subject", json::array{json::object{{"name", name}, {"digest", json::object{{"sha256", rootOf(resources)}}}}}},
       {"predicateType", modelPredicate},
       {"predicate", json::object{{"serialization", std::move(serialization)}, {"resources", std::move(listed)}}}},
      key);
}

std::expected<SignedFiles, std::string> verifyFiles(std::string_view bundle, const FileDigests& files,
                                                    const crypto::EcKey& key) {
  auto statement = openStatement(bundle, key);
  if (!statement) return std::unexpected(statement.error());
  auto resources = resourcesOf(*statement);
  if (!resources) return std::unexpected(resources.error());
  FileDigests listed;
  for (const Resource& resource : *resources) {
    // A single file is signed under the name ".".
    std::string name = resource.name == "." && files.size() == 1 ? files.begin()->first : resource.name;
    if (!listed.emplace(name, resource.digest).second)
      return std::unexpected(fmt::format("the signature lists {} twice", shorten(name, 200)));
    auto found = files.find(name);
    if (found == files.end())
      return std::unexpected(fmt::format("the signature covers {}, which is not there", shorten(name, 200)));
    if (found->second != resource.digest)
      return std::unexpected(fmt::format("{} has the digest {}, the signature says {}", shorten(name, 200),
                                         found->second, resource.digest));
  }
  for (const auto& [path, digest] : files)
    if (!listed.contains(path)) return std::unexpected(fmt::format("the signature does not cover {}", path));
  const json::object& subject = at(*statement, "subject").get_array()[0].get_object();
  return SignedFiles{memberText(subject, "name"), listed.size()};
}

SignatureClaim checkSignature(const json::value& body, const FileDigests& files) {
  constexpr std::size_t longestKey = 4096;
  if (!body.is_object()) throw Invalid("body", "must be an object with 'bundle' and 'public_key'");
  const json::object& claim = body.get_object();
  std::string pem = memberText(claim, "public_key");
  if (pem.empty() || pem.size() > longestKey || pem.find("PRIVATE KEY") != std::string::npos)
    throw Invalid("body.public_key", "must be a public key in PEM");
  auto key = crypto::EcKey::fromPem(pem);
  if (!key) throw Invalid("body.public_key", key.error());
  const json::value& bundle = at(claim, "bundle");
  if (!bundle.is_object()) throw Invalid("body.bundle", "must be a Sigstore bundle");
  auto covered = verifyFiles(json::serialize(bundle), files, *key);
  if (!covered) throw Invalid("body.bundle", covered.error());
  return {{{"bundle", bundle}, {"public_key", key->publicPem()}},
          {{"signed_by", key->id()},
           {"curve", key->curve()},
           {"files", covered->files},
           {"predicate_type", modelPredicate}}};
}

}  // namespace regesta::proof
