#include "api/mlflow/artifact_file.h"

#include "base/encoding.h"
#include "base/text.h"

namespace regesta::api::mlflow {
namespace {

constexpr std::string_view textual[] = {
    "txt", "log", "err",  "cfg", "conf", "cnf", "cf",  "ini", "properties", "prop", "hocon", "toml",    "yaml",
    "yml", "xml", "json", "js",  "py",   "py3", "csv", "tsv", "md",         "rst",  "ipynb", "MLmodel", "mlproject"};

constexpr std::pair<std::string_view, std::string_view> otherTypes[] = {{"html", "text/html"},
                                                                        {"htm", "text/html"},
                                                                        {"css", "text/css"},
                                                                        {"png", "image/png"},
                                                                        {"jpg", "image/jpeg"},
                                                                        {"jpeg", "image/jpeg"},
                                                                        {"gif", "image/gif"},
                                                                        {"svg", "image/svg+xml"},
                                                                        {"webp", "image/webp"},
                                                                        {"bmp", "image/bmp"},
                                                                        {"ico", "image/vnd.microsoft.icon"},
                                                                        {"tiff", "image/tiff"},
                                                                        {"pdf", "application/pdf"},
                                                                        {"zip", "application/zip"},
                                                                        {"tar", "application/x-tar"},
                                                                        {"mp3", "audio/mpeg"},
                                                                        {"wav", "audio/x-wav"},
                                                                        {"mp4", "video/mp4"},
                                                                        {"webm", "video/webm"},
                                                                        {"h5", "application/x-hdf5"},
                                                                        {"doc", "application/msword"},
                                                                        {"sh", "application/x-sh"},
                                                                        {"wasm", "application/wasm"}};

std::string_view lastSegment(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

/// RFC 6266: a quoted name if it is not a token, and an encoded one if it is not ASCII.
std::string disposition(std::string_view name) {
  std::string plain, quoted;
  for (char c : name) {
    if (static_cast<unsigned char>(c) >= 0x80) continue;
    plain += c;
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  if (plain.empty()) plain = quoted = "download";
  std::string out = "attachment; filename=" + (isToken(plain) ? plain : "\"" + quoted + "\"");
  if (plain.size() != name.size()) out += "; filename*=UTF-8''" + percentEncode(name);
  return out;
}

}  // namespace

std::string artifactType(std::string_view path) {
  std::string_view name = lastSegment(path);
  std::size_t dot = name.rfind('.');
  std::string_view extension = dot == std::string_view::npos ? name : name.substr(dot + 1);
  if (std::find(std::begin(textual), std::end(textual), extension) != std::end(textual)) return "text/plain";
  std::string folded = lower(extension);
  for (const auto& [written, type] : otherTypes)
    if (dot != std::string_view::npos && written == folded) return std::string(type);
  return "application/octet-stream";
}

http::Response headFor(const ArtifactFile& file, const http::Selection& selection) {
  http::Response head{selection.status, {}, selection.headers, {}};
  if (selection.status == 412) {
    head.contentType = "text/plain";
    head.body = "Precondition failed";
  }
  if (!selection.sends()) return head;
  head.contentType = artifactType(file.path);
  head.headers.set("Content-Disposition", disposition(lastSegment(file.path)));
  head.headers.set("X-Content-Type-Options", "nosniff");
  return head;
}

}  // namespace regesta::api::mlflow
