#include "api/hf/commit_reader.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/name.h"
#include "base/text.h"
#include "registry/tree.h"

namespace regesta::api::hf {
namespace {

constexpr std::size_t lineLength = 16 * 1024 * 1024;  // clients send files in lines up to about 5 MB
constexpr std::size_t operationsAtOnce = 100'000;

std::string folderPath(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return repoPath(path);
}

std::string quoted(std::string_view path) {
  std::string text;
  appendJsonString(text, shorten(path, 200));
  return text;
}

}  // namespace

std::string repoPath(std::string_view path) {
  std::string safe = registry::safePath(path);
  if (safe.empty() || safe != path)
    throw Invalid("path", "must name a file without empty, '.' or '..' segments", quoted(path));
  if (hasInvisible(safe))
    throw Invalid("path", "must not contain invisible characters or characters that change text direction",
                  quoted(path));
  return safe;
}

void CommitReader::write(std::string_view piece) {
  for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    rest_ += piece.substr(0, end);
    readLine(rest_);
    rest_.clear();
    piece.remove_prefix(end + 1);
  }
  rest_ += piece;
  if (rest_.size() > lineLength)
    throw error(Code::tooLarge,
                "line {} of the commit is longer than {} bytes; upload large files with Xet or Git LFS, as the answer "
                "to preupload says",
                lines_ + 1, lineLength);
}

CommitBody CommitReader::finish() {
  if (!trim(rest_).empty()) readLine(rest_);
  if (!headed_) throw Error(Code::invalid, "the commit has no line with the key \"header\"");
  return std::move(body_);
}

void CommitReader::readLine(std::string_view line) {
  if (trim(line).empty()) return;
  ++lines_;
  try {
    json::value parsed = parseJson(line);
    const json::object* object = parsed.if_object();
    const json::value* value = object ? object->if_contains("value") : nullptr;
    if (!value || !value->is_object()) throw Error(Code::invalid, "must be {\"key\": …, \"value\": {…}}");
    take(memberText(*object, "key"), value->get_object());
  } catch (const Error& fault) {
    if (fault.code != Code::invalid) throw;
    throw error(Code::invalid, "line {} of the commit: {}", lines_, fault.message);
  }
}

void CommitReader::take(std::string_view key, const json::object& value) {
  if (key == "header") {
    body_.summary = memberText(value, "summary");
    body_.description = memberText(value, "description");
    body_.parent = memberText(value, "parentCommit");
    headed_ = true;
    return;
  }
  if (body_.operations.size() == operationsAtOnce)
    throw error(Code::tooLarge, "one commit changes at most {} paths", operationsAtOnce);
  std::string path = memberText(value, "path");
  if (key == "file")
    addFile(value);
  else if (key == "lfsFile")
    addUploaded(value);
  else if (key == "deletedFile")
    body_.operations.push_back({Operation::Kind::deleteFile, folderPath(path), {}, {}});
  else if (key == "deletedFolder")
    body_.operations.push_back({Operation::Kind::deleteFolder, folderPath(path), {}, {}});
  else
    throw error(Code::invalid, "the key '{}' is not supported", shorten(key, 40));
}

void CommitReader::addFile(const json::object& value) {
  std::string path = repoPath(memberText(value, "path"));
  const json::value* content = value.if_contains("content");
  if (!content || !content->is_string()) throw Invalid("content", "must be text");
  std::string_view text = content->get_string();
  std::optional<std::string> decoded;
  if (memberText(value, "encoding") == "base64") {
    decoded = base64Decode(text);
    if (!decoded) throw Invalid("content", "must be base64");
    text = *decoded;
  }
  blob::Stored stored = blob::put(blobs_, text);
  body_.operations.push_back({Operation::Kind::add, std::move(path), stored.digest, stored.size});
}

void CommitReader::addUploaded(const json::object& value) {
  std::string path = repoPath(memberText(value, "path")), oid = memberText(value, "oid");
  if (std::string algorithm = memberText(value, "algo"); !algorithm.empty() && algorithm != "sha256")
    throw Invalid("algo", "must be \"sha256\"");
  if (!blob::isDigest(oid)) throw Invalid("oid", "must be a SHA-256 in lower-case hexadecimal");
  std::optional<std::uint64_t> size;
  if (const json::value* given = value.if_contains("size"); given && given->is_int64() && given->get_int64() >= 0)
    size = static_cast<std::uint64_t>(given->get_int64());
  body_.operations.push_back({Operation::Kind::addUploaded, std::move(path), std::move(oid), size});
}

}  // namespace regesta::api::hf
