#include "api/s3/handlers.h"
#include "api/s3/xml.h"
#include "base/encoding.h"
#include "base/text.h"
#include "governance/readable_tree.h"
#include "registry/tree_page.h"

namespace regesta::api::s3 {
namespace {

constexpr std::int64_t pageLimit = 1000;

struct Listing {
  bool second = false;  ///< ListObjectsV2
  bool encoded = false;
  registry::TreeQuery tree;
  std::string start, token;  ///< as the client sent them: marker or start-after, continuation-token
  std::int64_t maxKeys = pageLimit;

  std::string shown(std::string_view text) const { return encoded ? s3::encoded(text, true) : std::string(text); }
};

Listing readListing(const Query& query) {
  Listing listing;
  listing.second = query.has("list-type");
  if (listing.second && query.text("list-type") != "2") throw Fault("InvalidArgument", "list-type must be 2");
  if (query.has("encoding-type")) {
    if (query.text("encoding-type") != "url") throw Fault("InvalidArgument", "encoding-type must be url");
    listing.encoded = true;
  }
  listing.tree.prefix = query.text("prefix");
  listing.tree.delimiter = query.text("delimiter");
  if (query.has("max-keys")) {
    auto limit = parseInteger(query.text("max-keys"));
    if (!limit || *limit < 0 || *limit > INT32_MAX)
      throw Fault("InvalidArgument", "max-keys must be a whole number, at least 0");
    listing.maxKeys = std::min(*limit, pageLimit);
  }
  listing.tree.limit = static_cast<std::size_t>(listing.maxKeys);
  listing.start = query.text(listing.second ? "start-after" : "marker");
  listing.tree.after = listing.start;
  if (listing.second && query.has("continuation-token")) {
    listing.token = query.text("continuation-token");
    auto after = base64UrlDecode(listing.token);
    if (listing.token.empty() || !after || !isUtf8(*after) || after->empty())
      throw Fault("InvalidArgument", "the continuation-token is not one of this server");
    listing.tree.after = std::max(*after, listing.start);
  }
  return listing;
}

void writeOwner(XmlWriter& xml, const Call& call) {
  xml.open("Owner").text("ID", call.workspace).text("DisplayName", call.workspace).close();
}

std::string render(const Call& call, const Listing& listing, const registry::TreePage& page, bool owner) {
  std::string body;
  XmlWriter xml(body);
  xml.root("ListBucketResult").text("Name", call.workspace).text("Prefix", listing.shown(listing.tree.prefix));
  if (listing.second) {
    xml.number("KeyCount", static_cast<std::int64_t>(page.files.size() + page.prefixes.size()));
    if (!listing.token.empty()) xml.text("ContinuationToken", listing.token);
    if (!page.last.empty()) xml.text("NextContinuationToken", base64UrlEncode(page.last));
    if (!listing.start.empty()) xml.text("StartAfter", listing.shown(listing.start));
  } else {
    xml.text("Marker", listing.shown(listing.start));
    if (!page.last.empty()) xml.text("NextMarker", listing.shown(page.last));
  }
  xml.number("MaxKeys", listing.maxKeys);
  if (!listing.tree.delimiter.empty()) xml.text("Delimiter", listing.shown(listing.tree.delimiter));
  if (listing.encoded) xml.text("EncodingType", "url");
  xml.flag("IsTruncated", !page.last.empty());
  for (const registry::TreeFile& file : page.files) {
    xml.open("Contents").text("Key", listing.shown(file.path)).text("LastModified", isoTime(file.modifiedAt));
    xml.text("ETag", etagOf(file)).number("Size", file.size).text("StorageClass", "STANDARD");
    if (owner) writeOwner(xml, call);
    xml.close();
  }
  for (const std::string& prefix : page.prefixes)
    xml.open("CommonPrefixes").text("Prefix", listing.shown(prefix)).close();
  xml.close();
  return body;
}

}  // namespace

http::Response listObjects(const Call& call, const Query& query) {
  requireKnown(query, {"list-type", "encoding-type", "prefix", "delimiter", "max-keys", "marker", "start-after",
                       "continuation-token", "fetch-owner"});
  Listing listing = readListing(query);
  registry::TreePage page = call.core.store.read([&](db::Transaction& transaction) {
    governance::ReadableTree readable(transaction, *call.identity, call.workspace);
    return registry::listTree(transaction, call.workspace, listing.tree,
                              [&](std::string_view path, std::string& jump) { return readable.path(path, jump); });
  });
  return xmlResponse(render(call, listing, page, !listing.second || query.text("fetch-owner") == "true"));
}

}  // namespace regesta::api::s3
