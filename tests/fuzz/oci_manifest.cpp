// A manifest, repository path or tag from anybody: a value within its bounds, or an Error that says why.
// rooms: api
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/oci/manifest.h"
#include "api/oci/repository.h"
#include "base/error.h"
#include "base/limits_oci.h"

using namespace regesta;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void readManifest(std::string_view bytes) {
  try {
    api::oci::Manifest manifest = api::oci::parseManifest(bytes, api::oci::imageManifest);
    require(manifest.config.has_value() && manifest.layers.size() <= limits::ociDescriptors);
    for (const api::oci::Descriptor& layer : manifest.layers)
      require(layer.size >= 0 && api::oci::parseDigest(layer.digest.text).has_value());
  } catch (const Error& fault) {
    require(fault.code == Code::invalid);
  }
}

void readNames(std::string_view bytes) {
  if (auto repository = api::oci::parseRepository(bytes)) {
    auto path = api::oci::repositoryPath(repository->key);
    require(path && *path == bytes);
  }
  if (!api::oci::isTag(bytes)) return;
  try {
    require(api::oci::tagOfAlias(api::oci::aliasOfTag(bytes)) == bytes);
  } catch (const Error& fault) {
    require(fault.code == Code::invalid);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  readManifest(bytes);
  readNames(bytes);
  return 0;
}
