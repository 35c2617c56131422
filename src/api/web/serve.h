#pragma once
#include <span>
#include <string_view>

#include "api/web/files.h"
#include "http/message.h"

namespace regesta::api::web {

/// Null: there is no such file.
const File* find(std::span<const File> files, std::string_view path);

/// The file, compressed as the client accepts it, or 304.
http::Response serve(const http::Request& request, const File& file, std::string_view caching,
                     std::string_view contentPolicy);

/// A page that is not one of the built files.
http::Response plainPage(std::string_view html, std::string_view contentPolicy);

}  // namespace regesta::api::web
