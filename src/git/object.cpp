#include "git/object.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

namespace regesta::git {
namespace {

constexpr std::string_view typeNames[] = {"commit", "tree", "blob", "tag"};

/// The headers of a commit or tag, line by line; what a line that begins with a blank continues is one header.
class Headers {
 public:
  Headers(std::string_view data, std::string_view what) : rest_(data), what_(what) {}

  /// False at the blank line before the message, or at the end.
  bool next(std::string_view& name, std::string& value) {
    if (rest_.empty()) return false;
    std::string_view line = takeLine();
    if (line.empty()) return false;
    std::size_t blank = line.find(' ');
    if (blank == 0 || blank == std::string_view::npos) throw Invalid(std::string(what_), "has a malformed header");
    name = line.substr(0, blank);
    value = line.substr(blank + 1);
    while (rest_.starts_with(' ')) {
      value += '\n';
      value += takeLine().substr(1);
    }
    return true;
  }
  std::string_view message() const { return rest_; }

 private:
  std::string_view takeLine() {
    std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) throw Invalid(std::string(what_), "ends within a header");
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  std::string_view rest_, what_;
};

Id idOf(std::string_view hex, std::string_view what) {
  auto id = Id::parse(hex);
  if (!id) throw Invalid(std::string(what), "has an object id that is not a SHA-1");
  return *id;
}

int offsetOf(std::string_view zone) {
  if (zone.size() != 5 || (zone[0] != '+' && zone[0] != '-')) return 0;
  auto digits = parseInteger(zone.substr(1));
  if (!digits || *digits < 0) return 0;
  int minutes = static_cast<int>(*digits / 100 * 60 + *digits % 100);
  return zone[0] == '-' ? -minutes : minutes;
}

/// Old clients wrote unusual lines here, so only lines that cannot be parsed are refused.
Person personOf(std::string_view text, std::string_view what) {
  std::size_t open = text.find('<'), close = text.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    throw Invalid(std::string(what), "names a person without <address>");
  Person person{std::string(trim(text.substr(0, open))), std::string(text.substr(open + 1, close - open - 1)), 0, 0};
  std::string_view when = trim(text.substr(close + 1));
  std::size_t blank = when.find(' ');
  if (auto at = parseInteger(when.substr(0, blank)); at && *at >= 0) person.at = *at;
  if (blank != std::string_view::npos) person.offsetMinutes = offsetOf(trim(when.substr(blank)));
  return person;
}

/// Git orders folders as if their names ended in '/'.
bool before(const Entry& a, const Entry& b) {
  std::string_view left = a.name, right = b.name;
  std::size_t common = std::min(left.size(), right.size());
  if (int order = left.substr(0, common).compare(right.substr(0, common)); order != 0) return order < 0;
  auto next = [&](const Entry& entry) -> unsigned char {
    if (entry.name.size() > common) return static_cast<unsigned char>(entry.name[common]);
    return entry.isFolder() ? '/' : 0;
  };
  return next(a) < next(b);
}

/// As HFS+ and NTFS see a name: without letters that they ignore, in lower case, without blanks and dots at its end.
std::string folded(std::string_view name) {
  std::string plain;
  for (std::size_t i = 0; i < name.size();) {
    std::string_view rest = name.substr(i);
    bool ignored = rest.size() >= 3 && ((rest[0] == '\xE2' && (rest[1] == '\x80' || rest[1] == '\x81')) ||
                                        rest.starts_with("\xEF\xBB\xBF"));
    if (ignored) {
      i += 3;
      continue;
    }
    plain += name[i++];
  }
  plain = lower(plain);
  while (plain.ends_with('.') || plain.ends_with(' ')) plain.pop_back();
  return plain;
}

}  // namespace

std::optional<Id> Id::parse(std::string_view hex) {
  if (hex.size() != 40 || hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  return fromRaw(*hexDecode(hex));
}

Id Id::fromRaw(std::string_view raw) {
  Id id;
  REGESTA_INVARIANT(raw.size() == id.bytes.size());
  std::memcpy(id.bytes.data(), raw.data(), raw.size());
  return id;
}

std::string Id::str() const { return hexEncode(raw()); }

std::string signedPart(Type type, std::string_view data) {
  if (type == Type::tag) return std::string(data.substr(0, data.size() - parseTag(data).signature.size()));
  std::size_t end = data.find("\n\n"), from = data.find("\ngpgsig ");
  if (from == std::string_view::npos || from > end) return std::string(data);
  std::size_t to = data.find('\n', from + 1);
  while (data.substr(to).starts_with("\n ")) to = data.find('\n', to + 1);
  return std::string(data.substr(0, from)) + std::string(data.substr(to));
}

std::string_view typeName(Type type) { return typeNames[static_cast<int>(type)]; }

std::string Person::str() const {
  int minutes = std::abs(offsetMinutes);
  return fmt::format("{} <{}> {} {}{:02}{:02}", name, email, at, offsetMinutes < 0 ? '-' : '+', minutes / 60,
                     minutes % 60);
}

Commit parseCommit(std::string_view data) {
  Commit commit;
  bool tree = false, author = false, committer = false;
  Headers headers(data, "commit");
  std::string_view name;
  std::string value;
  while (headers.next(name, value)) {
    if (name == "tree" && !tree) {
      commit.tree = idOf(value, "commit");
      tree = true;
    } else if (name == "parent") {
      commit.parents.push_back(idOf(value, "commit"));
      if (commit.parents.size() > limits::gitParents)
        throw Invalid("commit", fmt::format("has more than {} parents", limits::gitParents));
    } else if (name == "author" && !author) {
      commit.author = personOf(value, "commit");
      author = true;
    } else if (name == "committer" && !committer) {
      commit.committer = personOf(value, "commit");
      committer = true;
    } else if (name == "gpgsig") {
      commit.signature = value;
    }
  }
  if (!tree || !author || !committer) throw Invalid("commit", "needs a tree, an author and a committer");
  commit.message = headers.message();
  return commit;
}

Tag parseTag(std::string_view data) {
  Tag tag;
  bool object = false, type = false;
  Headers headers(data, "tag");
  std::string_view name;
  std::string value;
  while (headers.next(name, value)) {
    if (name == "object") {
      tag.target = idOf(value, "tag");
      object = true;
    } else if (name == "type") {
      auto known = std::ranges::find(typeNames, value);
      if (known == std::end(typeNames)) throw Invalid("tag", "names an unknown type of object");
      tag.targetType = static_cast<Type>(known - std::begin(typeNames));
      type = true;
    } else if (name == "tag") {
      tag.name = value;
    } else if (name == "tagger") {
      tag.tagger = personOf(value, "tag");
    }
  }
  if (!object || !type || tag.name.empty()) throw Invalid("tag", "needs an object, a type and a name");
  std::string_view message = headers.message();
  std::size_t armour = message.starts_with("-----BEGIN ") ? 0 : message.find("\n-----BEGIN ");
  if (armour != std::string_view::npos) {
    if (armour != 0) ++armour;
    tag.signature = message.substr(armour);
    message = message.substr(0, armour);
  }
  tag.message = message;
  return tag;
}

std::vector<Entry> parseTree(std::string_view data) {
  std::vector<Entry> entries;
  while (!data.empty()) {
    std::size_t blank = data.find(' '), nul = data.find('\0');
    if (blank == std::string_view::npos || nul == std::string_view::npos || blank > nul || data.size() - nul < 21)
      throw Invalid("tree", "is malformed");
    Entry entry;
    auto [end, fault] = std::from_chars(data.data(), data.data() + blank, entry.mode, 8);
    if (fault != std::errc() || end != data.data() + blank || data[0] == '0') throw Invalid("tree", "has a bad mode");
    entry.name = data.substr(blank + 1, nul - blank - 1);
    entry.id = Id::fromRaw(data.substr(nul + 1, 20));
    data.remove_prefix(nul + 21);
    if (entry.mode == 0100664) entry.mode = Entry::file;  // what old clients wrote
    std::string shown = shorten(isUtf8(entry.name) ? entry.name : hexEncode(entry.name), 200);
    if (entry.mode == 0120000)
      throw Invalid("tree", fmt::format("has the symbolic link '{}'; only files are allowed", shown));
    if (entry.mode == 0160000)
      throw Invalid("tree", fmt::format("has the submodule '{}'; only files are allowed", shown));
    if (entry.mode != Entry::folder && entry.mode != Entry::file && entry.mode != Entry::program)
      throw Invalid("tree", fmt::format("has '{}' with the unknown mode {:o}", shown, entry.mode));
    if (!isSafeName(entry.name)) throw Invalid("tree", fmt::format("has the name '{}', which is not allowed", shown));
    if (!entries.empty() && !before(entries.back(), entry))
      throw Invalid("tree", fmt::format("has '{}' out of order", shown));
    entries.push_back(std::move(entry));
  }
  // A file and a folder of one name do not stand side by side.
  std::unordered_set<std::string_view> names;
  for (const Entry& entry : entries)
    if (!names.insert(entry.name).second) throw Invalid("tree", fmt::format("has '{}' twice", entry.name));
  return entries;
}

std::string writeCommit(const Commit& commit) {
  std::string data = fmt::format("tree {}\n", commit.tree.str());
  for (const Id& parent : commit.parents) data += fmt::format("parent {}\n", parent.str());
  data += fmt::format("author {}\ncommitter {}\n\n{}", commit.author.str(), commit.committer.str(), commit.message);
  return data;
}

std::string writeTree(std::vector<Entry> entries) {
  std::ranges::sort(entries, before);
  std::string data;
  for (const Entry& entry : entries) {
    data += fmt::format("{:o} {}", entry.mode, entry.name);
    data += '\0';
    data += entry.id.raw();
  }
  return data;
}

bool isSafeName(std::string_view name) {
  if (name.empty() || name.size() > 255 || name == "." || name == ".." || !isUtf8(name)) return false;
  for (unsigned char c : name)
    if (c < 0x20 || c == 0x7F || c == '/' || c == '\\' || c == ':') return false;
  std::string plain = folded(name);
  return plain != ".git" && plain != ".gitmodules" && !plain.starts_with("git~") && !plain.starts_with("gitmod~") &&
         !plain.empty();
}

std::string_view signatureKind(std::string_view armoured) {
  if (armoured.starts_with("-----BEGIN SSH SIGNATURE-----")) return "ssh";
  if (armoured.starts_with("-----BEGIN PGP ")) return "openpgp";
  if (armoured.starts_with("-----BEGIN SIGNED MESSAGE-----")) return "x509";
  return {};
}

}  // namespace regesta::git
