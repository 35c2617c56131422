#include "http/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::http {
namespace {

void appendText(std::string& out, std::string_view text) {
  isUtf8(text) ? appendJsonString(out, text) : appendJsonString(out, asUtf8(text));
}

int openFile(const std::string& file) { return ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640); }

}  // namespace

std::string asUtf8(std::string_view text) {
  std::string cleaned(text);
  if (isUtf8(text)) return cleaned;
  for (char& c : cleaned)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return cleaned;
}

void appendAccessLine(std::string& out, const AccessEntry& entry, std::int64_t nowMillis) {
  out += "{\"time\":\"";
  out += formatTime(nowMillis);
  out += "\",\"id\":";
  appendText(out, entry.id);
  out += ",\"remote\":";
  appendText(out, entry.remote);
  out += ",\"method\":";
  appendText(out, entry.method);
  out += ",\"path\":";
  appendText(out, entry.path);
  out += ",\"pattern\":";
  appendText(out, entry.pattern);
  out += ",\"actor\":";
  appendText(out, entry.actor.empty() ? "-" : entry.actor);
  if (!entry.claimed.empty()) {
    out += ",\"claimed\":";
    appendText(out, entry.claimed);
  }
  if (!entry.problem.empty()) {
    out += ",\"problem\":";
    appendText(out, entry.problem);
  }
  if (entry.parent) {
    out += ",\"trace_id\":";
    appendText(out, entry.parent->traceId);
  }
  fmt::format_to(std::back_inserter(out), ",\"status\":{},\"bytes\":{},\"ms\":{:.3f}}}\n", entry.status, entry.bytes,
                 entry.seconds * 1000);
}

AccessLog::AccessLog(const std::string& file) : file_(file) {
  if (file.empty()) return;
  descriptor_ = file == "-" ? ::dup(STDERR_FILENO) : openFile(file);
  if (descriptor_ < 0) throw error(Code::invalid, "the access log {} cannot be opened: {}", file, file::reason(errno));
}

void AccessLog::reopen() const {
  if (file_.empty() || file_ == "-") return;
  int fresh = openFile(file_);
  if (fresh < 0 || ::dup3(fresh, descriptor_, O_CLOEXEC) < 0)  // its writers keep the number
    log(LogLevel::error, "the access log cannot be opened again", {{"file", file_}, {"why", std::strerror(errno)}});
  if (fresh >= 0) ::close(fresh);
}

AccessLog::~AccessLog() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AccessLog::write(std::string_view lines) const {
  while (!lines.empty()) {
    ssize_t written = ::write(descriptor_, lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace regesta::http
