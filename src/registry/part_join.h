#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "registry/part_upload.h"

namespace regesta::registry {

/// "MD5 of the parts' MD5s"-"number of parts", which S3 clients expect as the ETag of a file in parts.
std::string etagOfParts(const std::vector<std::string>& etags);

/// An ETag as clients write it: with the quotes of HTTP, or without.
std::string unquotedEtag(std::string_view etag);

/// The part with this number and ETag; null if there is none. `stored` as partsOf() returns them.
const UploadPart* findPart(const std::vector<UploadPart>& stored, std::int64_t number, std::string_view etag);

/// Makes one blob of the content of parts.
class PartJoin {
 public:
  /// `observe` gets all content in its order.
  PartJoin(blob::BlobStore& blobs, std::vector<UploadPart> parts,
           std::function<void(std::string_view content)> observe = {});
  /// Works until about this time (as nowMillis()); true at the end. Throws Error{corrupt} for parts that are missing or
  /// shorter than they were.
  bool step(std::int64_t until);
  /// After step() returned true.
  blob::Stored finish();

 private:
  blob::BlobStore& blobs_;
  std::vector<UploadPart> parts_;
  std::function<void(std::string_view)> observe_;
  std::unique_ptr<blob::Writer> writer_;
  std::unique_ptr<blob::Reader> reader_;
  std::vector<char> piece_;
  std::size_t next_ = 0;
  std::uint64_t at_ = 0;
};

}  // namespace regesta::registry
