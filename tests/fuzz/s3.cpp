// What a stranger can send to the S3 front: bodies in aws-chunked however they are cut, documents, signatures, keys.
// The first byte chooses the reader.
//
// rooms: api
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/s3/chunked.h"
#include "api/s3/fault.h"
#include "api/s3/key.h"
#include "api/s3/multipart.h"
#include "api/s3/signature.h"
#include "api/s3/xml.h"

using namespace regesta;
using namespace regesta::api::s3;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// The content of a body that arrives in pieces of `step` bytes; "refused" when it is none.
std::string contentOf(std::string_view body, ChunkedContent::Form form, std::size_t step) {
  ChunkedContent chunks(form, std::nullopt);
  std::string content;
  try {
    for (std::size_t at = 0; at < body.size(); at += step)
      chunks.write(body.substr(at, step), [&](std::string_view bytes) { content += bytes; });
    chunks.finish();
  } catch (const Fault&) {
    return "refused";
  }
  require(content.size() <= body.size());
  return content;
}

void chunks(std::string_view bytes, ChunkedContent::Form form) {
  std::string whole = contentOf(bytes, form, bytes.size() + 1);
  require(contentOf(bytes, form, 1) == whole && contentOf(bytes, form, 1 + bytes.size() / 3) == whole);
}

/// A signature that nobody made verifies nowhere.
void head(std::string_view bytes) {
  http::Request request;
  request.method = "GET";
  std::size_t line = bytes.find('\n');
  request.target = bytes.substr(0, line);
  request.query = request.target.substr(std::min(request.target.find('?'), request.target.size() - 1) + 1);
  request.headers.add("Host", "h");
  while (line != bytes.npos) {
    bytes.remove_prefix(line + 1);
    line = bytes.find('\n');
    std::string_view header = bytes.substr(0, line);
    std::size_t colon = header.find(':');
    if (colon != header.npos)
      request.headers.add(std::string(header.substr(0, colon)), std::string(header.substr(colon + 1)));
  }
  Query query(request.query);
  auto claim = readClaim(request, query);
  if (!claim) return;
  verify(request, query, *claim, "a secret that nobody knows", 1'700'000'000);
  require(false);
}

void document(std::string_view bytes) {
  XmlElement root = parseXml(bytes);
  std::string again;
  XmlWriter(again).open("a").text("b", root.text).close();
  parseXml(again);
  readNamedParts(bytes);
}

void key(std::string_view bytes) {
  auto path = pathOfKey(bytes);
  if (path) require(*path == bytes && !path->starts_with('/') && path->find("//") == path->npos);
  readSource(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 5) {
      case 0:
        chunks(bytes, {.isSigned = true});
        break;
      case 1:
        chunks(bytes, {.trailers = true});
        break;
      case 2:
        document(bytes);
        break;
      case 3:
        head(bytes);
        break;
      case 4:
        key(bytes);
        break;
    }
  } catch (const Fault&) {
  }
  return 0;
}
