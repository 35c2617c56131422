#pragma once
#include "http/access_log.h"
#include "http/message.h"
#include "registry/access_log.h"

namespace regesta::api {

/// Notes an answered request in the access log if it read or downloaded a version, through whichever front. On an I/O
/// thread: quick, throws nothing.
void noteAccess(registry::AccessLogger& logger, const http::AccessEntry& entry, const http::Request& request) noexcept;

}  // namespace regesta::api
