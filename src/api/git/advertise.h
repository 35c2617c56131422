#pragma once
#include <string>
#include <string_view>

#include "delivery/repository/state.h"

namespace regesta::api::git {

enum class Service { upload, receive };
std::string_view serviceName(Service service);  ///< "git-upload-pack", "git-receive-pack"

/// The list of refs with which each conversation begins, in protocol version 0: clients that offer 2 fall back to it.
std::string advertisement(Service service, const delivery::RepositoryState& state, std::string_view version);

}  // namespace regesta::api::git
