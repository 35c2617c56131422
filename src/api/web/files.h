#pragma once
#include <span>
#include <string_view>

namespace regesta::api::web {

/// One file of the built web UI or documentation inside this binary (cmake/web.cmake, cmake/docs.cmake). The compressed
/// forms are empty if they would not be smaller.
struct File {
  std::string_view path;  ///< "/index.html", "/assets/app-3f2a91.js"
  std::string_view contentType;
  std::string_view etag;  ///< with its quotes, over the plain bytes
  std::string_view plain, gzip, brotli;
};

/// Empty if built without the web UI.
std::span<const File> files();
/// The same for the documentation, whose start page is "/index.html".
std::span<const File> docsFiles();

}  // namespace regesta::api::web
