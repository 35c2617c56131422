#pragma once
#include "api/endpoint.h"
#include "base/json.h"

namespace regesta::api::lfs {

/// POST locks: 201 with the lock, 409 with the one that is there.
http::Response lock(const Call& call, const json::object& body);
/// GET locks?path=&id=&cursor=&limit=
http::Response listLocks(const Call& call, const json::object& body);
/// POST locks/verify, which a client sends before each push: the caller's locks, and those of others.
http::Response verifyLocks(const Call& call, const json::object& body);
/// POST locks/{id}/unlock. Somebody else's takes {"force": true} and the role admin.
http::Response unlock(const Call& call, const json::object& body);

}  // namespace regesta::api::lfs
