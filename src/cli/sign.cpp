#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/download.h"
#include "cli/verification.h"
#include "crypto/hash.h"
#include "proof/model_signature.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

proof::FileDigests digestsOfVersion(Session& session, const Reference& ref) {
  proof::FileDigests files;
  session.api().each(filesPath(ref), {}, SIZE_MAX,
                     [&](const json::object& item) { files.emplace(member(item, "path"), member(item, "digest")); });
  return files;
}

std::string digestOfFile(const fs::path& file) {
  std::ifstream input(file, std::ios::binary);
  crypto::Sha256 hash;
  std::string buffer(1 << 20, '\0');
  while (input.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || input.gcount() > 0)
    hash.update(std::string_view(buffer).substr(0, static_cast<std::size_t>(input.gcount())));
  if (!input.eof()) throw unreadable(file.string());
  return crypto::hex(hash.finish());
}

/// Without Git's own files and the signature, as model_signing leaves them out.
proof::FileDigests digestsOfFolder(const fs::path& folder, const fs::path& signature) {
  static const std::vector<std::string> gits = {".git", ".gitattributes", ".github", ".gitignore"};
  proof::FileDigests files;
  if (fs::is_regular_file(folder)) return {{folder.filename().string(), digestOfFile(folder)}};
  if (!fs::is_directory(folder)) throw UsageError(folder.string() + " is neither a folder nor a file");
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    std::string path = fs::relative(entry.path(), folder).generic_string();
    if (std::ranges::find(gits, path.substr(0, path.find('/'))) != gits.end()) continue;
    if (entry.is_symlink()) throw UsageError(path + " is a symbolic link, which a signature cannot cover");
    std::error_code ignored;
    if (!entry.is_regular_file() || fs::equivalent(entry.path(), signature, ignored)) continue;
    files.emplace(path, digestOfFile(entry.path()));
  }
  return files;
}

crypto::EcKey keyIn(const std::string& file, std::string_view option, bool isPrivate) {
  auto key = crypto::EcKey::fromPem(readInput(file));
  if (!key) throw UsageError(fmt::format("--{} {}: {}", option, file, key.error()));
  if (isPrivate && !key->isPrivate()) throw UsageError(fmt::format("--{} {}: it is a public key", option, file));
  return *std::move(key);
}

int sign(Session& session) {
  const Arguments& args = session.args;
  Reference ref = session.version();
  if (args.has("key") == args.has("signature"))
    throw UsageError("give --key FILE to sign, or --signature FILE and --public-key FILE to store a signature");
  if (args.has("signature") && !args.has("public-key")) throw UsageError("--signature needs --public-key FILE");
  bool make = args.has("key");
  crypto::EcKey key = keyIn(args.text(make ? "key" : "public-key"), make ? "key" : "public-key", make);
  json::value bundle = make ? json::value(proof::signFiles(ref.name, digestsOfVersion(session, ref), key))
                            : parseJson(readInput(args.text("signature")));
  if (args.has("output")) file::replaceFiles({{args.text("output"), json::serialize(bundle) + "\n"}});
  if (args.flag("local"))
    return session.said(bundle, fmt::format("signed {}@{} with the key {}", ref.asset(), ref.selector, key.id()));
  json::object body = {{"asset", json::object{{"kind", ref.kind}, {"name", ref.name}, {"version", ref.selector}}},
                       {"type", proof::signatureType},
                       {"body", json::object{{"bundle", std::move(bundle)}, {"public_key", key.publicPem()}}}};
  json::object made = session.api().post(route({"evidence"}), body).as_object();
  return session.said(made, fmt::format("stored the signature of {}@{} by the key {} as evidence {}", ref.asset(),
                                        ref.selector, key.id(), member(made, "id")));
}

/// Each stored signature of the version by the key.
std::vector<std::string> storedSignatures(Session& session, const Reference& ref, const crypto::EcKey& key) {
  std::vector<std::string> ids, bundles;
  session.api().each(route({"evidence"}), {{"kind", ref.kind}, {"name", ref.name}, {"version", ref.selector}}, SIZE_MAX,
                     [&](const json::object& item) {
                       const json::value* summary = item.if_contains("summary");
                       if (member(item, "type") == proof::signatureType && summary && summary->is_object() &&
                           member(summary->get_object(), "signed_by") == key.id())
                         ids.push_back(member(item, "id"));
                     });
  for (const std::string& id : ids) {
    json::value evidence = session.api().get(route({"evidence", id}));
    const json::value* body = evidence.as_object().if_contains("body");
    if (!body || !body->is_object()) continue;
    if (const json::value* bundle = body->get_object().if_contains("bundle"))
      bundles.push_back(json::serialize(*bundle));
  }
  return bundles;
}

int verifySignature(Session& session) {
  const Arguments& args = session.args;
  if (args.has("VERSION") == args.has("path"))
    throw UsageError("name a version, or give --path DIR with --signature FILE");
  crypto::EcKey key = keyIn(args.text("key"), "key", false);
  proof::FileDigests files;
  std::vector<std::string> bundles;
  std::string what;
  if (args.has("signature")) bundles.push_back(readInput(args.text("signature")));
  if (args.has("path")) {
    if (bundles.empty()) throw UsageError("--path needs --signature FILE");
    what = args.text("path");
    files = digestsOfFolder(what, args.text("signature"));
  } else {
    Reference ref = session.version();
    what = fmt::format("{}@{}", ref.asset(), ref.selector);
    files = digestsOfVersion(session, ref);
    if (bundles.empty()) bundles = storedSignatures(session, ref, key);
  }
  json::array findings;
  std::size_t covered = 0;
  for (const std::string& bundle : bundles) {
    auto verified = proof::verifyFiles(bundle, files, key);
    if (verified)
      covered = verified->files;
    else
      findings.push_back(json::object{{"subject", what}, {"what", verified.error()}});
  }
  if (bundles.empty())
    findings.push_back(
        json::object{{"subject", what}, {"what", fmt::format("has no signature by the key {}", key.id())}});
  return outcome(session, {{"signed_by", key.id()}, {"files", covered}}, findings,
                 fmt::format("the key {} signed all {} files of {}", key.id(), covered, what));
}

}  // namespace

Commands signCommands() {
  return {
      {.path = "sign",
       .summary = "sign the files of a version in the format of OpenSSF model signing",
       .operands = {{"VERSION", "KIND/NAME@VERSION; without a kind, a model"}},
       .options = {{"key", "FILE", "private key in PEM: elliptic curve P-256, P-384 or P-521"},
                   {"signature", "FILE", "store this signature, which another tool made, instead of making one"},
                   {"public-key", "FILE", "with --signature: the public key in PEM"},
                   {"output", "FILE", "also write the signature to this file", 'o'},
                   {"local", "", "do not store the signature on the server"}},
       .examples = {"regesta sign loan-risk@3 --key signing.pem",
                    "regesta sign loan-risk@3 --signature model.sig --public-key signing.pub"},
       .run = sign,
       .more = "The private key does not leave this machine. The server verifies the signature against the version's "
               "files and stores it as evidence of the type `signature`; policies see the key's id in `signed_by`."},
      {.path = "verify-signature",
       .summary = "verify the signature of a version, or of files on disk",
       .operands = {{"VERSION", "KIND/NAME@VERSION; without a kind, a model", false}},
       .options = {{"key", "FILE", "the signer's public key in PEM", 0, true},
                   {"signature", "FILE", "the signature (default: those stored for the version)"},
                   {"path", "DIR", "verify these files, offline, instead of a version"}},
       .examples = {"regesta verify-signature loan-risk@3 --key signing.pub",
                    "regesta verify-signature --path ./model --signature model.sig --key signing.pub"},
       .run = verifySignature,
       .more = "Exit code 5 if there is no signature by the key, or the files differ from what was signed."},
  };
}

}  // namespace regesta::cli
