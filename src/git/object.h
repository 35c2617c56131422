#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/id.h"

namespace regesta::git {

enum class Type { commit, tree, blob, tag };
std::string_view typeName(Type type);

struct Object {
  Type type = Type::blob;
  std::string data;
};

/// Who and when, as a commit or tag says it. A claim: Git does not check it.
struct Person {
  std::string name, email;
  std::int64_t at = 0;      ///< seconds
  int offsetMinutes = 0;    ///< of the time zone
  std::string str() const;  ///< "Anna <anna@example.org> 1764000000 +0100"
};

struct Commit {
  Id tree;
  std::vector<Id> parents;
  Person author, committer;
  std::string signature;  ///< the armoured text of "gpgsig"; empty: not signed
  std::string message;
};
/// The bytes of a commit that its signature is about: all but the signature. Of a tag, they are the bytes before it.
std::string signedPart(Type type, std::string_view data);

struct Tag {
  Id target;
  Type targetType = Type::commit;
  std::string name;
  std::optional<Person> tagger;
  std::string message;    ///< without its signature
  std::string signature;  ///< the armoured text at its end; empty: not signed
};

/// One line of a tree. Regesta keeps files and folders; links and submodules are refused at the door.
struct Entry {
  static constexpr std::uint32_t folder = 040000, file = 0100644, program = 0100755;
  std::uint32_t mode = file;
  std::string name;
  Id id;
  bool isFolder() const { return mode == folder; }
};

// Strict readers of untrusted bytes: what is malformed throws Invalid that names the object's type and the rule. A
// tree's entries must be files or folders in Git's order, without duplicates, and with names that every client can
// check out (isSafeName).
Commit parseCommit(std::string_view data);
Tag parseTag(std::string_view data);
std::vector<Entry> parseTree(std::string_view data);

std::string writeCommit(const Commit& commit);  ///< without a signature
/// Puts the entries into Git's order.
std::string writeTree(std::vector<Entry> entries);

/// False for names that play tricks on a checkout: "", ".", "..", with '/', '\\', ':' or control characters, and every
/// way of writing ".git" on file systems that fold case, drop dots, blanks or invisible letters, or shorten names.
bool isSafeName(std::string_view name);

/// The signature's kind: "ssh", "openpgp", "x509", or empty for text that is none of these.
std::string_view signatureKind(std::string_view armoured);

}  // namespace regesta::git
