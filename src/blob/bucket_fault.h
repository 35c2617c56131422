#pragma once
#include <string>
#include <string_view>

#include "http/message.h"

namespace regesta::blob {

struct BucketAddress {
  std::string scheme, bucket, prefix;
  std::string text() const;  ///< s3://bucket/prefix
};
/// Throws Error{invalid}.
BucketAddress parseBucketUrl(std::string_view url);

/// Throws Error{invalid} unless it is empty or an http or https URL without credentials, query and fragment.
void requireEndpoint(std::string_view url);

/// How the last of a call's requests ended.
struct BucketExchange {
  std::string method, host;
  std::string failure;  ///< why there was no answer; empty: there was one
  http::Response answer;
  int requests = 0;
  /// The object store's own word for what went wrong: NoSuchBucket, SlowDown, …
  std::string code() const;
};

/// Whether the answer says that there is no such object. Other answers of 404 mean that the bucket, the user or
/// something between is missing, and say nothing about the object.
bool isMissingObject(const BucketExchange& exchange);
/// The instance metadata services, which have the credentials when the environment has none.
bool isMetadataService(std::string_view host);
/// What the answer to a PUT says of the content that arrived is not what was sent. S3's signature covers the SHA-256;
/// Azure and Google say which MD5 they received.
bool differsFromSent(const BucketExchange& exchange, std::string_view content);
/// What failed, why, and what to do, in words for the person who runs the server. No secrets.
std::string describeFault(const BucketAddress& address, const BucketExchange& exchange);

}  // namespace regesta::blob
