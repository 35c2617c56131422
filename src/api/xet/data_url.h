#pragma once
#include "api/xet/call.h"

namespace regesta::api::xet {

/// The address of a pack's records for one file: `scope` may read those that the file is made of, until it expires. It
/// is not bound to a range, because clients split ranges as they like.
class DataUrls {
 public:
  DataUrls(const Call& call, const http::Request& request, const blob::IndexedObject& object);
  std::string of(const blob::PackName& pack) const;

 private:
  std::string base_, query_;
};

struct DataGrant {
  XetScope scope;
  std::string digest;  ///< of the file
};
/// Throws Error{denied} for an address that is not valid or has expired: clients then ask for a new one.
DataGrant openDataUrl(const Core& core, const http::Request& request);

}  // namespace regesta::api::xet
