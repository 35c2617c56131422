#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "gitremote/state.h"

namespace regesta::api::git {

enum class Service { upload, receive };
std::string_view serviceName(Service service);  ///< "git-upload-pack", "git-receive-pack"

/// The list of refs at the start of each session, in protocol version 0, to which clients that offer 2 fall back.
std::string advertisement(Service service, const gitremote::RepositoryState& state, std::string_view version);

/// Version 0 cannot name the HEAD of an empty repository, so a clone would start on the client's default branch.
/// Clients that offer version 2 get it for empty repositories only.
bool offersVersion2(std::optional<std::string_view> gitProtocol);
std::string emptyAdvertisement(std::string_view version);
/// The response to ls-refs, version 2's only command for an empty repository: main is HEAD, and unborn. Throws
/// Error{invalid} for other commands, and Error{unavailable} if the repository is no longer empty.
std::string listEmpty(std::string_view body, const gitremote::RepositoryState& state);
bool isVersion2(std::string_view body);

}  // namespace regesta::api::git
