#pragma once
// The operations of the S3 front, one function per method and kind of place. They tell S3's operations apart by the
// query string and headers. Includes Asio, like api/streaming.h.
#include "api/s3/about.h"
#include "api/s3/caller.h"
#include "api/s3/key.h"
#include "api/streaming.h"
#include "api/tracking_scope.h"
#include "registry/tree.h"

namespace regesta::api::s3 {

using http::Exchange;

Task listBuckets(Exchange& exchange, Core& core);
Task getBucket(Exchange& exchange, Core& core);     ///< ListObjects, ListObjectsV2, HeadBucket, location, uploads
Task putBucket(Exchange& exchange, Core& core);     ///< CreateBucket
Task deleteBucket(Exchange& exchange, Core& core);  ///< DeleteBucket
Task postBucket(Exchange& exchange, Core& core);    ///< DeleteObjects
Task getObject(Exchange& exchange, Core& core);     ///< GetObject, HeadObject, ListParts
Task putObject(Exchange& exchange, Core& core);     ///< PutObject, CopyObject, UploadPart, UploadPartCopy
Task postObject(Exchange& exchange, Core& core);    ///< CreateMultipartUpload, CompleteMultipartUpload
Task deleteObject(Exchange& exchange, Core& core);  ///< DeleteObject, AbortMultipartUpload

// Between the files of this folder.
http::Response listObjects(const Call& call, const Query& query);
http::Response listUploads(const Call& call, const Query& query);
http::Response listParts(const Call& call, const Query& query);
Task uploadPart(Exchange& exchange, Core& core);
Task copyObject(Exchange& exchange, Core& core);
Task copyPart(Exchange& exchange, Core& core);
Task completeUpload(Exchange& exchange, Core& core);
http::Response createUpload(const Call& call);
http::Response abortUpload(const Call& call, const Query& query);

/// If-Match and If-None-Match of a write, against what is there now. Throws Fault{PreconditionFailed}.
void requirePrecondition(const http::Request& request, const std::optional<registry::TreeFile>& present);
/// Receives the body as content and returns its digest's Stored after every check; nothing refers to it yet.
http::asio::awaitable<blob::Stored> receiveContent(Exchange& exchange, Core& core, Payload& payload);
/// Receives a small document, with the same checks.
http::asio::awaitable<std::string> receiveDocument(Exchange& exchange, Payload& payload);
/// A file that the caller may read. Throws Fault{NoSuchKey}, Error{denied}.
registry::TreeFile requireFile(const Call& call, db::Transaction& transaction, std::string_view path);

/// The file that a copy is made of, if it is what the request's x-amz-copy-source-if-… say; the caller must be allowed
/// to read it in its own workspace.
registry::TreeFile readableSource(const Call& call, const Source& source, db::Transaction& transaction);
registry::TreeFile readableSource(const Call& call, const Source& source);

http::Response xmlResponse(std::string body);
std::string toUpper(std::string_view text);

}  // namespace regesta::api::s3
