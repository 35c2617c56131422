#pragma once
#include <span>
#include <string_view>

namespace regesta::api::web {

/// One file of the built web UI inside this binary (cmake/web.cmake). The compressed forms are empty where they would
/// not be smaller.
struct File {
  std::string_view path;  ///< "/index.html", "/assets/app-3f2a91.js"
  std::string_view contentType;
  std::string_view etag;  ///< with its quotes, over the plain bytes
  std::string_view plain, gzip, brotli;
};

/// Empty when the program was built without the web UI.
std::span<const File> files();

}  // namespace regesta::api::web
