#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "blob/store.h"
#include "http/message.h"

namespace regesta::api::mlflow {

/// A file on its way to a client.
struct ArtifactFile {
  std::unique_ptr<blob::Reader> reader;
  std::string path;    ///< its last segment names the download
  std::string digest;  ///< becomes the ETag; empty: unknown
};

/// By the name's extension, as MLflow guesses: whatever is text is text/plain, so that no browser runs it.
std::string artifactType(std::string_view path);

/// Status, headers and the byte range for a GET or HEAD. A head whose status is 304, 412 or 416 is the whole answer.
struct ArtifactAnswer {
  http::Response head;
  std::uint64_t from = 0, length = 0;
};
ArtifactAnswer answerFor(const http::Request& request, const ArtifactFile& file);

}  // namespace regesta::api::mlflow
