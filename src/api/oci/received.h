#pragma once
#include "api/oci/common.h"
#include "api/oci/digest.h"
#include "registry/oci_upload.h"

namespace regesta::api::oci {

/// One request's part of an upload.
struct Received {
  std::uint64_t size = 0;
  std::exception_ptr failure;  ///< what ended the body early: the connection, a limit
};
/// Reads the body into `writer`. What arrived before a failure is in the writer. `room`: bytes that may come.
http::asio::awaitable<Received> receivePiece(Exchange& exchange, blob::Writer& writer, std::int64_t room);

/// Checks "Content-Range: start-end" against what has arrived and the declared length. Throws OciError: 416 for another
/// start, BLOB_UPLOAD_INVALID for a malformed header, SIZE_INVALID for another length.
void checkRange(const http::Request& request, const registry::OciUpload& upload, std::optional<std::uint64_t> length);

/// Puts the pieces together in the store, some at a time, and compares them with the digest. Throws
/// OciError{DIGEST_INVALID}.
http::asio::awaitable<blob::Stored> combine(Exchange& exchange, blob::BlobStore& blobs,
                                            const std::vector<blob::Stored>& pieces, const Digest& digest);

}  // namespace regesta::api::oci
