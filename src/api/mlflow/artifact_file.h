#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "blob/store.h"
#include "http/conditional.h"

namespace regesta::api::mlflow {

/// A file on its way to a client.
struct ArtifactFile {
  std::unique_ptr<blob::Reader> reader;
  std::string path;    ///< its last segment names the download
  std::string digest;  ///< becomes the ETag; empty: unknown
};

/// By the name's extension, as MLflow guesses: whatever is text is text/plain, so that no browser runs it.
std::string artifactType(std::string_view path);

/// The head of the answer to a GET or HEAD that got this selection of the file. Where that sends no bytes (304, 412,
/// 416), it is the whole answer.
http::Response headFor(const ArtifactFile& file, const http::Selection& selection);

}  // namespace regesta::api::mlflow
