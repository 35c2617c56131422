#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "blob/store.h"
#include "http/conditional.h"

namespace regesta::api::mlflow {

/// A file to send to a client.
struct ArtifactFile {
  std::unique_ptr<blob::Reader> reader;
  std::string path;    ///< its last segment names the download
  std::string digest;  ///< becomes the ETag; empty: unknown
};

/// By the extension, like MLflow: all text is text/plain, so that no browser runs it.
std::string artifactType(std::string_view path);

/// The head of the response to a GET or HEAD with this selection of the file; the complete response if it has no body
/// (304, 412, 416).
http::Response headFor(const ArtifactFile& file, const http::Selection& selection);

}  // namespace regesta::api::mlflow
