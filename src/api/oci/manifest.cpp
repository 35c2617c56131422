#include "api/oci/manifest.h"

#include <algorithm>

#include "api/oci/dialect.h"
#include "base/limits_oci.h"
#include "base/text.h"

namespace regesta::api::oci {
namespace {

constexpr std::string_view images[] = {imageManifest, "application/vnd.docker.distribution.manifest.v2+json"};
constexpr std::string_view indexes[] = {imageIndex, "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr std::string_view titles[] = {"org.opencontainers.image.title", "org.cncf.model.filepath"};
constexpr std::size_t mediaTypeLength = 255;

template <class... Args>
OciError bad(fmt::format_string<Args...> text, Args&&... args) {
  return {Code::invalid, 400, "MANIFEST_INVALID", "the manifest " + fmt::format(text, std::forward<Args>(args)...)};
}

std::string mediaTypeOf(const json::object& object, std::string_view member, const std::string& where) {
  std::string type = memberText(object, member);
  auto graphic = [](char c) { return c > ' ' && c < 0x7F; };
  if (type.size() > mediaTypeLength || !std::ranges::all_of(type, graphic))
    throw bad("has a {}{} that is not a media type of at most {} characters", where, member, mediaTypeLength);
  return type;
}

std::string titleOf(const json::object& descriptor) {
  const json::value* annotations = descriptor.if_contains("annotations");
  if (!annotations || !annotations->is_object()) return {};
  for (std::string_view name : titles)
    if (std::string title = memberText(annotations->get_object(), name); !title.empty()) return title;
  return {};
}

Descriptor readDescriptor(const json::value& value, const std::string& where) {
  if (!value.is_object()) throw bad("needs a descriptor in {}", where);
  const json::object& object = value.get_object();
  auto digest = parseDigest(memberText(object, "digest"));
  if (!digest) throw bad("has no sha256 or sha512 digest in {}.digest", where);
  const json::value* size = object.if_contains("size");
  if (!size || !size->is_int64() || size->get_int64() < 0) throw bad("has no size in bytes in {}.size", where);
  std::string type = mediaTypeOf(object, "mediaType", where + '.');
  bool elsewhere = type.find(".nondistributable.") != type.npos || type.find(".foreign.") != type.npos;
  return {*std::move(digest), size->get_int64(), titleOf(object), elsewhere && object.contains("urls")};
}

std::vector<Descriptor> readDescriptors(const json::object& object, const std::string& member) {
  std::vector<Descriptor> all;
  const json::value* list = object.if_contains(member);
  if (!list || list->is_null()) return all;
  if (!list->is_array()) throw bad("needs a list in {}", member);
  if (list->get_array().size() > limits::ociDescriptors)
    throw bad("has more than {} entries in {}", limits::ociDescriptors, member);
  for (const json::value& value : list->get_array())
    all.push_back(readDescriptor(value, fmt::format("{}[{}]", member, all.size())));
  return all;
}

json::value parse(std::string_view text) {
  try {
    return parseJson(text);
  } catch (const Error& fault) {
    throw bad("is not readable JSON: {}", fault.message);
  }
}

std::string_view withoutParameters(std::string_view contentType) {
  return trim(contentType.substr(0, contentType.find(';')));
}

/// What the manifest and the request say that it is.
std::string typeOf(const json::object& object, std::string_view contentType) {
  std::string own = mediaTypeOf(object, "mediaType", "");
  std::string_view sent = withoutParameters(contentType);
  bool vague = sent.empty() || sent == "application/json" || sent == "application/octet-stream";
  if (!own.empty() && !vague && own != sent)
    throw bad("says mediaType {}, and the header Content-Type says {}", own, shorten(sent, 100));
  std::string type = !own.empty() ? own : std::string(vague ? "" : sent);
  if (type.empty()) type = object.contains("manifests") ? imageIndex : imageManifest;
  return type;
}

}  // namespace

Manifest parseManifest(std::string_view text, std::string_view contentType) {
  json::value value = parse(text);
  if (!value.is_object()) throw bad("must be a JSON object");
  const json::object& object = value.get_object();
  if (memberInteger(object, "schemaVersion") != 2) throw bad("must have schemaVersion 2");
  Manifest manifest{.mediaType = typeOf(object, contentType)};
  bool image = std::ranges::find(images, manifest.mediaType) != std::end(images);
  if (!image && std::ranges::find(indexes, manifest.mediaType) == std::end(indexes))
    throw bad("has the media type {}; this server takes image manifests and indexes of OCI and Docker",
              shorten(manifest.mediaType, 100));
  if (object.contains(image ? "manifests" : "layers"))
    throw bad("of type {} must not have the member {}", manifest.mediaType, image ? "manifests" : "layers");
  manifest.artifactType = mediaTypeOf(object, "artifactType", "");
  if (image) {
    const json::value* config = object.if_contains("config");
    if (!config) throw bad("needs the member config");
    manifest.config = readDescriptor(*config, "config");
    if (manifest.artifactType.empty()) manifest.artifactType = memberText(config->get_object(), "mediaType");
    manifest.layers = readDescriptors(object, "layers");
  } else {
    manifest.manifests = readDescriptors(object, "manifests");
  }
  if (const json::value* subject = object.if_contains("subject"); subject && !subject->is_null())
    manifest.subject = readDescriptor(*subject, "subject").digest;
  return manifest;
}

}  // namespace regesta::api::oci
