#include "http/parser.h"

#include <algorithm>
#include <cctype>
#include <limits>

#include <boost/beast/http/basic_parser.hpp>

#include "base/limits_edge.h"
#include "base/text.h"

namespace regesta::http {
namespace {

namespace beast = boost::beast;
using Field = beast::http::field;
using Failure = beast::error_code;
using Text = beast::string_view;

std::string_view view(Text text) { return {text.data(), text.size()}; }

/// Characters of a registered name, IPv4, bracketed IPv6 and port. Others in Host have been used to poison caches.
bool isHost(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view("-._~%!$&'()*+,;=:[]").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool allDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool namesOtherVersion(std::string_view requestLine) {
  std::size_t blank = requestLine.rfind(' ');
  std::string_view version = blank == std::string_view::npos ? std::string_view() : requestLine.substr(blank + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.') return false;
  return std::isdigit(version[5]) && std::isdigit(version[7]) && version.substr(5) != "1.1" &&
         version.substr(5) != "1.0";
}

Malformed malformed(const Failure& failure, std::string_view head) {
  using beast::http::error;
  if (failure == error::bad_version && namesOtherVersion(head.substr(0, head.find('\r'))))
    return {505, "only HTTP/1.1 and HTTP/1.0 are supported"};
  if (failure == error::bad_content_length || failure == error::multiple_content_length)
    return {400, "Content-Length is not one decimal number"};
  if (failure == error::bad_transfer_encoding)
    return {400, "Transfer-Encoding is repeated, or sent together with Content-Length"};
  if (failure == error::header_limit) return {431, "the request head is too large"};
  return {400, "the request head is malformed: " + failure.message()};
}

}  // namespace

/// Beast's grammar over one complete head. It lives for one call: nothing of it is needed for the body.
struct RequestParser::Grammar final : beast::http::basic_parser<true> {
  Grammar(Request& request, Framing& framing) : request(request), framing(framing) {
    header_limit((std::numeric_limits<std::uint32_t>::max)());
    body_limit(boost::none);
  }

  Request& request;
  Framing& framing;
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;

  void on_request_impl(beast::http::verb, Text method, Text target, int version, Failure&) override {
    request.method = view(method);
    request.target = view(target);
    framing.http11 = version == 11;
    splitTarget();
  }

  void splitTarget() {
    std::string_view target = request.target;
    if (target.find('#') != std::string_view::npos) throw Malformed{400, "the request target has a fragment"};
    if (!target.starts_with('/') && target != "*") target = splitAuthority(target);
    std::size_t question = target.find('?');
    std::string_view path = target.substr(0, question);
    while (path.starts_with("//")) path.remove_prefix(1);
    request.rawPath = path.empty() ? "/" : path;
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
  }

  /// Absolute form, "http://host/path", as a proxy's client sends it.
  std::string_view splitAuthority(std::string_view target) {
    std::size_t scheme = target.find("://");
    bool ours = scheme != std::string_view::npos && (equalsIgnoreCase(target.substr(0, scheme), "http") ||
                                                     equalsIgnoreCase(target.substr(0, scheme), "https"));
    if (!ours) throw Malformed{400, "the request target is neither a path nor an http address"};
    target.remove_prefix(scheme + 3);
    std::size_t path = target.find_first_of("/?");
    request.authority = target.substr(0, path);
    if (request.authority.empty() || !isHost(request.authority))
      throw Malformed{400, "the request target has a character that is invalid in host names"};
    return path == std::string_view::npos ? "/" : target.substr(path);
  }

  void on_field_impl(Field field, Text name, Text value, Failure&) override {
    if (request.headers.all().size() >= limits::requestHeaders)
      throw Malformed{431, "the request has too many headers"};
    request.headers.add(std::string(view(name)), std::string(view(value)));
    switch (field) {
      case Field::host:
        ++hosts;
        if (!isHost(view(value))) throw Malformed{400, "Host has a character that is invalid in host names"};
        break;
      case Field::content_length:
        if (++lengths > 1 || !allDigits(view(value))) throw Malformed{400, "Content-Length is not one decimal number"};
        break;
      case Field::transfer_encoding:
        if (++encodings > 1) throw Malformed{400, "Transfer-Encoding is repeated"};
        if (!equalsIgnoreCase(view(value), "chunked"))
          throw Malformed{501, "chunked is the only transfer coding spoken here"};
        break;
      case Field::expect:
        if (!equalsIgnoreCase(view(value), "100-continue"))
          throw Malformed{417, "the only expectation met here is 100-continue"};
        framing.expectsContinue = framing.http11;
        break;
      default:
        break;
    }
  }

  void on_header_impl(Failure&) override {
    if (hosts > 1 || (hosts == 0 && framing.http11)) throw Malformed{400, "exactly one Host is needed"};
    if (lengths > 0 && encodings > 0)
      throw Malformed{400, "Content-Length and Transfer-Encoding must not be sent together"};
    if (encodings > 0 && !framing.http11) throw Malformed{400, "HTTP/1.0 has no Transfer-Encoding"};
    framing.chunked = encodings > 0;
    if (auto length = content_length()) framing.length = *length;
    framing.keepAlive = keep_alive();
  }

  // Bodies are read elsewhere; these are never called for a head.
  void on_response_impl(int, Text, int, Failure&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Failure&) override {}
  std::size_t on_body_impl(Text body, Failure&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, Text, Failure&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Failure&) override { return body.size(); }
  void on_finish_impl(Failure&) override {}
};

RequestParser::RequestParser() = default;
RequestParser::~RequestParser() = default;

std::size_t RequestParser::parse(std::string_view bytes, Request& request, Framing& framing) {
  // Whole lines first: the end of the head is found without parsing anything twice, and what Beast would let pass
  // (folded lines, blank lines before the request line without end) never reaches it.
  std::size_t head = 0;
  while (head == 0) {
    std::size_t newline = bytes.find('\n', scanned_);
    if (newline == std::string_view::npos) {
      scanned_ = bytes.size();
      return 0;
    }
    if (newline == line_ || bytes[newline - 1] != '\r')
      throw Malformed{400, "a line of the request head does not end in CRLF"};
    bool first = line_ == 0;
    bool blank = newline == line_ + 1;
    if (blank && first) throw Malformed{400, "the request begins with an empty line"};
    if (!first && (bytes[line_] == ' ' || bytes[line_] == '\t')) throw Malformed{400, "a header line is folded"};
    scanned_ = line_ = newline + 1;
    if (blank) head = newline + 1;
  }
  scanned_ = line_ = 0;
  framing = {};
  Grammar grammar(request, framing);
  Failure failure;
  grammar.put(boost::asio::const_buffer(bytes.data(), head), failure);
  if (failure) throw malformed(failure, bytes.substr(0, head));
  if (!grammar.is_header_done()) throw Malformed{400, "the request head is malformed"};
  return head;
}

void RequestParser::guess(std::string_view bytes, Request& request) {
  std::string_view line = bytes.substr(0, bytes.find_first_of("\r\n"));
  std::size_t target = line.find(" /");
  if (target == std::string_view::npos || target > 20) return;
  request.method = line.substr(0, target);
  std::string_view path = line.substr(target + 1);
  request.rawPath = path.substr(0, path.find_first_of(" ?#"));
}

void ChunkDecoder::sizeDigit(unsigned char c) {
  unsigned digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10u;
  if (++digits_ > 15) throw Malformed{400, "a chunk size is too long"};  // 60 bits: the sum of sizes cannot overflow
  remaining_ = remaining_ * 16 + digit;
}

void ChunkDecoder::control(unsigned char c) {
  auto must = [](bool holds) {
    if (!holds) throw Malformed{400, "the chunked body is malformed"};
  };
  auto text = [&] {  // extensions and trailers: visible characters, blanks, and not without end
    must((c >= 0x20 && c != 0x7f) || c == '\t');
    if (++overhead_ > 8192) throw Malformed{400, "the chunked body has too many extensions or trailers"};
  };
  switch (state_) {
    case State::size:
      if (std::isxdigit(c)) return sizeDigit(c);
      must(digits_ > 0 && (c == '\r' || c == ';'));
      state_ = c == '\r' ? State::sizeEnd : State::extension;
      return;
    case State::extension:
      if (c == '\r')
        state_ = State::sizeEnd;
      else
        text();
      return;
    case State::sizeEnd:
      must(c == '\n');
      state_ = remaining_ > 0 ? State::data : State::lineStart;
      digits_ = 0;
      return;
    case State::dataReturn:
      must(c == '\r');
      state_ = State::dataEnd;
      return;
    case State::dataEnd:
      must(c == '\n');
      state_ = State::size;
      return;
    case State::lineStart:
      if (c == '\r')
        state_ = State::lastEnd;
      else
        text(), state_ = State::trailer;
      return;
    case State::trailer:
      if (c == '\r')
        state_ = State::trailerEnd;
      else
        text();
      return;
    case State::trailerEnd:
      must(c == '\n');
      state_ = State::lineStart;
      return;
    case State::lastEnd:
      must(c == '\n');
      state_ = State::ended;
      return;
    case State::data:
    case State::ended:
      return;
  }
}

ChunkDecoder::Step ChunkDecoder::decode(std::string_view bytes, std::span<char> into) {
  Step step;
  while (step.consumed < bytes.size() && state_ != State::ended) {
    if (state_ != State::data) {
      control(static_cast<unsigned char>(bytes[step.consumed++]));
      continue;
    }
    std::size_t size = std::min({bytes.size() - step.consumed, into.size() - step.produced, std::size_t(remaining_)});
    if (size == 0) return step;
    std::copy_n(bytes.data() + step.consumed, size, into.data() + step.produced);
    step.consumed += size;
    step.produced += size;
    remaining_ -= size;
    if (remaining_ == 0) state_ = State::dataReturn;
  }
  return step;
}

}  // namespace regesta::http
