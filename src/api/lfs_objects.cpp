#include "api/lfs_objects.h"

#include <algorithm>

#include "api/server_url.h"
#include "api/tracking_scope.h"
#include "base/error.h"
#include "base/text.h"
#include "registry/blob_alias.h"
#include "registry/storage_quota.h"

namespace regesta::api {
namespace {

using access::Verb;

constexpr std::size_t objectsAtOnce = 1000;                // a client asks for 100
constexpr std::int64_t mostBytes = std::int64_t{1} << 50;  // of one object, as far as sums of them go
constexpr int insufficientStorage = 507;  // of one object, as the LFS API has it: in the body, so nothing is retried

struct Wanted {
  std::string oid;
  std::int64_t size = -1;
};

Wanted wantedOf(const json::value& value) {
  if (!value.is_object()) throw Invalid("objects", "must be a list of {\"oid\", \"size\"}");
  Wanted wanted{memberText(value.get_object(), "oid")};
  const json::value* size = value.get_object().if_contains("size");
  if (size && size->is_int64()) wanted.size = size->get_int64();
  return wanted;
}

/// Whether the client offers a transfer; a client that offers none has "basic".
bool offers(const json::object& body, std::string_view name) {
  const json::value* transfers = body.if_contains("transfers");
  if (!transfers || !transfers->is_array() || transfers->get_array().empty()) return name == "basic";
  return std::ranges::any_of(transfers->get_array(), [&](const json::value& transfer) {
    return transfer.is_string() && std::string_view(transfer.get_string()) == name;
  });
}

void requireHash(const json::object& body) {
  std::string algorithm = memberText(body, "hash_algo");
  if (!algorithm.empty() && algorithm != "sha256" && algorithm != "sha_256")
    throw error(Code::conflict, "objects here are named by SHA-256, not by {}", shorten(algorithm, 40));
}

/// The address of the objects as the client wrote it.
std::string objectsUrl(const Call& call) {
  std::string_view path = call.http.rawPath;
  return serverUrl(call.core, call.http) + std::string(path.substr(0, path.rfind('/')));
}

void writeAction(JsonWriter& writer, std::string_view name, const std::string& href) {
  writer.key(name).object().key("href").text(href).end();
}

void writeFault(JsonWriter& writer, int code, std::string_view message) {
  writer.key("error").object().key("code").number(code).key("message").text(message).end();
}

std::string faultOf(const Wanted& wanted) {
  if (!blob::isDigest(wanted.oid)) return "'oid' must be a SHA-256 in lower-case hexadecimal";
  return wanted.size < 0 ? "'size' must be a number of bytes, 0 or more" : "";
}

void writeDownload(JsonWriter& writer, const Wanted& wanted, const std::optional<blob::Stored>& stored,
                   const std::string& url) {
  if (!stored) return writeFault(writer, 404, "this workspace does not have the object");
  if (static_cast<std::int64_t>(stored->size) != wanted.size)
    return writeFault(writer, 422, fmt::format("the object has {} bytes, not {}", stored->size, wanted.size));
  writer.key("actions").object();
  writeAction(writer, "download", fmt::format("{}/{}", url, wanted.oid));
  writer.end();
}

/// Of Xet, the address is that of the token: the client finds everything else in the header.
void writeXet(JsonWriter& writer, const LfsXet& xet) {
  writer.key("actions").object().key("upload").object().key("href").text(xet.tokenUrl).key("header").object();
  for (const auto& [name, value] : xet.headers) writer.key(name).text(value);
  writer.end().end().end();
}

void writeUpload(JsonWriter& writer, const Wanted& wanted, const std::optional<blob::Stored>& stored,
                 const std::string& url, const LfsBatch& front, const std::optional<LfsXet>& xet) {
  if (stored) return;
  if (xet) return writeXet(writer, *xet);
  std::string query = front.uploadQuery ? "?" + front.uploadQuery(wanted.oid) : "";
  writer.key("actions").object();
  writeAction(writer, "upload", fmt::format("{}/{}{}", url, wanted.oid, query));
  writeAction(writer, "verify", url + "/verify");
  writer.end();
}

}  // namespace

std::string lfsAlias(std::string_view oid) {
  if (!blob::isDigest(oid)) throw Invalid("oid", "must be a SHA-256 in lower-case hexadecimal");
  return "lfs:" + std::string(oid);
}

std::optional<blob::Stored> findLfsObject(const Call& call, db::Transaction& transaction, const std::string& oid) {
  auto stored = registry::findBlobAlias(transaction, call.workspace, lfsAlias(oid));
  return stored && call.core.blobs.has(stored->digest) ? stored : std::nullopt;
}

std::optional<blob::Stored> findUpload(const Call& call, db::Transaction& transaction, const std::string& oid) {
  if (call.identity->may(Verb::read, call.workspace, "*"))
    if (auto stored = findLfsObject(call, transaction, oid)) return stored;
  if (!blob::isDigest(oid) || !scopeOf(call, transaction).blob(oid)) return std::nullopt;
  std::unique_ptr<blob::Reader> reader = call.core.blobs.open(oid);
  return reader ? std::optional(blob::Stored{oid, reader->size()}) : std::nullopt;
}

http::Response lfsBatch(const Call& call, const json::object& body, const LfsBatch& front) {
  std::string operation = memberText(body, "operation");
  if (operation != "download" && operation != "upload")
    throw Invalid("operation", "must be \"download\" or \"upload\"");
  bool upload = operation == "upload";
  if (upload) front.requireUpload();
  requireHash(body);
  std::optional<LfsXet> xet;
  if (upload && front.xet && offers(body, "xet")) xet = front.xet();
  if (!xet && !offers(body, "basic"))
    throw Invalid("transfers", "must contain \"basic\", the transfer that this server has");
  const json::value* objects = body.if_contains("objects");
  if (!objects || !objects->is_array()) throw Invalid("objects", "must be a list of {\"oid\", \"size\"}");
  if (objects->get_array().size() > objectsAtOnce)
    throw error(Code::tooLarge, "one batch names at most {} objects", objectsAtOnce);
  std::string url = objectsUrl(call);
  http::Response response;
  response.contentType = lfsMediaType;
  JsonWriter writer(response.body);
  writer.object().key("transfer").text(xet ? "xet" : "basic").key("hash_algo").text("sha256").key("objects").array();
  call.core.store.read([&](db::Transaction& transaction) {
    std::int64_t more = 0;  // bytes of the batch that are not stored yet
    std::string refusal;
    auto fits = [&](std::int64_t size) {
      size = std::min(size, mostBytes);
      try {
        registry::requireStorage(transaction, call.workspace, more + size);
      } catch (const Error& error) {
        refusal = error.message;
        return false;
      }
      more += size;
      return true;
    };
    for (const json::value& value : objects->get_array()) {
      Wanted wanted = wantedOf(value);
      writer.object().key("oid").text(wanted.oid).key("size").number(wanted.size);
      if (std::string fault = faultOf(wanted); !fault.empty())
        writeFault(writer, 422, fault);
      else if (auto stored = front.find(transaction, wanted.oid); upload && !stored && !fits(wanted.size))
        writeFault(writer, insufficientStorage, refusal);
      else if (upload)
        writeUpload(writer, wanted, stored, url, front, xet);
      else
        writeDownload(writer, wanted, stored, url);
      writer.end();
    }
  });
  writer.end().end();
  return response;
}

http::Response lfsVerify(const Call& call, const json::object& body, const LfsBatch& front) {
  Wanted wanted = wantedOf(body);
  if (std::string fault = faultOf(wanted); !fault.empty()) throw Error(Code::invalid, fault);
  auto stored = call.core.store.read([&](db::Transaction& transaction) { return front.find(transaction, wanted.oid); });
  if (!stored) throw error(Code::notFound, "workspace '{}' has no object {}", call.workspace, wanted.oid);
  if (static_cast<std::int64_t>(stored->size) != wanted.size)
    throw Invalid("size", fmt::format("must be {}, the number of bytes that arrived", stored->size));
  http::Response response;
  response.contentType = lfsMediaType;
  response.body = "{}";
  return response;
}

}  // namespace regesta::api
