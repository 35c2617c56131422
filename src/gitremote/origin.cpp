#include "gitremote/origin.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/ssh_signature.h"
#include "git/walk.h"

namespace regesta::gitremote {
namespace {

constexpr std::size_t commitsLookedAt = 2000;
constexpr std::size_t personLength = 300;

std::string utf8(std::string_view text, std::size_t limit) {
  if (isUtf8(text)) return shorten(trim(text), limit);
  std::string kept;
  for (char c : text) kept += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  return shorten(trim(kept), limit);
}

std::string nameOf(const git::Person& person) {
  return utf8(fmt::format("{} <{}>", person.name, person.email), personLength);
}

/// "ssh SHA256:… verified", "openpgp", …
std::string signatureOf(std::string_view armoured, const git::Object& object) {
  std::string kind(git::signatureKind(armoured));
  if (kind.empty()) return "unknown";
  if (kind != "ssh") return kind;
  auto ssh = crypto::readSshSignature(armoured, "git", git::signedPart(object.type, object.data));
  if (!ssh) return "ssh unreadable";
  std::string_view state = ssh->verified ? "verified" : ssh->keyType == "ssh-ed25519" ? "wrong" : "not checked";
  return fmt::format("ssh {} {}", ssh->fingerprint, state);
}

}  // namespace

std::map<std::string, git::Id> originsOf(const git::Objects& objects, const git::Id& before, const git::Id& tip,
                                         const std::vector<git::FileChange>& files) {
  std::map<std::string, git::Id> wanted, origins;
  for (const git::FileChange& file : files)
    if (file.after) {
      wanted[file.path] = *file.after;
      origins[file.path] = tip;
    }
  std::vector<git::Id> without;
  if (!before.isNone()) without.push_back(before);
  std::vector<git::Id> commits = git::commitsBetween(objects, tip, without);
  if (commits.size() < 2 || commits.size() > commitsLookedAt) return origins;
  for (const git::Id& id : commits) {
    git::Commit commit = objects.commit(id);
    if (commit.parents.size() > 1) continue;  // a merge brings what its parents made
    git::Id parent = commit.parents.empty() ? git::Id{} : objects.commit(commit.parents[0]).tree;
    for (const git::FileChange& change : git::changesBetween(objects, parent, commit.tree))
      if (auto file = wanted.find(change.path); file != wanted.end() && change.after == file->second)
        origins[change.path] = id;
  }
  return origins;
}

registry::Tags provenance(const git::Objects& objects, const git::Id& id) {
  git::Object object = objects.read(id);
  git::Commit commit = git::parseCommit(object.data);
  registry::Tags tags{{"git.commit", id.str()},
                      {"git.author", nameOf(commit.author)},
                      {"git.time", formatTime(commit.author.at * 1000)}};
  if (!commit.signature.empty()) tags["git.signature"] = signatureOf(commit.signature, object);
  return tags;
}

registry::Tags tagProvenance(const git::Objects& objects, const git::Id& id) {
  git::Object object = objects.read(id);
  if (object.type != git::Type::tag) return {};
  git::Tag tag = git::parseTag(object.data);
  registry::Tags tags{{"git.tag", utf8(tag.name, personLength)}};
  if (tag.tagger) tags["git.tagger"] = nameOf(*tag.tagger);
  if (!tag.signature.empty()) tags["git.tag-signature"] = signatureOf(tag.signature, object);
  return tags;
}

std::string messageOf(const git::Objects& objects, const git::Id& commit) {
  return utf8(objects.commit(commit).message, limits::descriptionLength);
}

}  // namespace regesta::gitremote
