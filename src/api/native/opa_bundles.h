#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct BundleQuery {
  std::string name, version, prefix;
  static constexpr std::string_view documentation =
      "A gzip tarball of the policy's modules with a manifest, as OPA's bundle plugin fetches it. If-None-Match with "
      "the "
      "ETag is answered with 304 while the version is the same.";
  static constexpr Field fields[] = {
      field<&BundleQuery::name>("name", required | about("of the policy; may end in .tar.gz")),
      field<&BundleQuery::version>("version", about("number, SemVer, range or alias; absent: latest")),
      field<&BundleQuery::prefix>("prefix", about("package below which the modules are put, so that one OPA can load "
                                                  "several policies"))};
};

Plain getBundle(Call& call, const BundleQuery& query);

}  // namespace regesta::api::native
