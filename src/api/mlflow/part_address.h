#pragma once
#include "api/endpoint.h"
#include "registry/part_upload.h"

namespace regesta::api::mlflow {

/// Addresses to PUT the parts of one upload to, without credentials: until they expire, and as long as who began the
/// upload may write there.
class PartAddresses {
 public:
  PartAddresses(const Call& call, const registry::PartUpload& upload);
  std::string of(std::int64_t number) const;

 private:
  std::string base_, query_;
};

/// Error{notFound}
Error uploadNotFound();

}  // namespace regesta::api::mlflow
