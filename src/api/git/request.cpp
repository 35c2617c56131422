#include "api/git/request.h"

#include <algorithm>

#include "api/git/pkt_line.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

namespace regesta::api::git {
namespace {

using regesta::git::Id;

constexpr std::size_t headSize = 1024 * 1024;
constexpr std::size_t mostDepth = 1'000'000'000;

Id idOf(std::string_view text) {
  auto id = Id::parse(text);
  if (!id) throw Error(Code::invalid, "the request has an object id that is not a SHA-1");
  return *id;
}

bool holds(std::string_view words, std::string_view word) {
  auto all = split(words, ' ');
  return std::ranges::find(all, word) != all.end();
}

void want(FetchRequest& request, std::string_view text) {
  std::size_t blank = text.find(' ');
  if (request.wants.empty() && blank != std::string_view::npos) {
    std::string_view words = text.substr(blank + 1);
    request.sideBand = holds(words, "side-band-64k");
    request.noProgress = holds(words, "no-progress");
    request.includeTag = holds(words, "include-tag");
    request.detailed = holds(words, "multi_ack_detailed");
  }
  request.wants.push_back(idOf(text.substr(0, blank)));
}

void fetchLine(FetchRequest& request, std::string_view text) {
  auto behind = [&](std::string_view word) { return text.substr(word.size()); };
  if (text.starts_with("want ")) {
    want(request, behind("want "));
  } else if (text.starts_with("have ")) {
    request.haves.push_back(idOf(behind("have ")));
  } else if (text.starts_with("shallow ")) {
    request.shallow.insert(idOf(behind("shallow ")));
  } else if (text.starts_with("deepen ")) {
    auto depth = parseInteger(behind("deepen "));
    if (!depth || *depth < 0) throw Error(Code::invalid, "deepen must be a whole number");
    request.depth = std::min(static_cast<std::size_t>(*depth), mostDepth);
  } else if (text == "done") {
    request.done = true;
  } else {
    throw error(Code::unsupported, "this server does not know \"{}\" in a fetch", shorten(text, 40));
  }
}

}  // namespace

FetchRequest parseFetch(std::string_view body) {
  FetchRequest request;
  PktReader reader(body);
  bool flushed = false;
  while (!request.done) {
    PktReader::Line line = reader.next();
    if (line.kind != PktReader::Kind::incomplete) request.negotiates = flushed;
    if (line.kind == PktReader::Kind::flush) flushed = true;
    if (line.kind == PktReader::Kind::line) {
      fetchLine(request, line.text);
    } else if (line.kind == PktReader::Kind::incomplete) {
      if (reader.taken() != body.size()) throw Error(Code::invalid, "the request ends within a line");
      return request;
    }
  }
  return request;
}

bool PushHeadReader::take(std::string_view bytes) {
  buffer_ += bytes;
  for (;;) {
    PktReader reader(std::string_view(buffer_).substr(at_));
    PktReader::Line next = reader.next();
    if (next.kind == PktReader::Kind::incomplete) {
      if (buffer_.size() > headSize)
        throw error(Code::tooLarge, "the push's list of refs is longer than {} bytes", headSize);
      return false;
    }
    if (next.kind == PktReader::Kind::line) line(next.text);
    at_ += reader.taken();
    if (next.kind == PktReader::Kind::flush) return true;
  }
}

/// "old new name", the first with capabilities after a NUL.
void PushHeadReader::line(std::string_view text) {
  if (text.starts_with("shallow ")) return;  // the client's own history is cut; what it sends must still be whole
  std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos) {
    std::string_view words = text.substr(nul + 1);
    head_.reportStatus = holds(words, "report-status");
    head_.sideBand = holds(words, "side-band-64k");
    head_.quiet = holds(words, "quiet");
    text = text.substr(0, nul);
  }
  if (text.size() < 83 || text[40] != ' ' || text[81] != ' ')
    throw Error(Code::invalid, "a line of the push is not \"old new ref\"");
  if (head_.refs.size() >= limits::gitCommands)
    throw error(Code::tooLarge, "one push moves at most {} refs", limits::gitCommands);
  head_.refs.push_back({std::string(text.substr(82)), idOf(text.substr(0, 40)), idOf(text.substr(41, 40))});
}

}  // namespace regesta::api::git
