#pragma once
#include <cstddef>
#include <string_view>

/// Addresses of other programs that clients of the server choose: receivers of webhooks, connections.
namespace regesta::jobs {

/// Throws Invalid{field "url"} for what is not http or https, has credentials or is too long. Where its name leads is
/// checked at each connection (http::Egress).
void checkReceiverUrl(std::string_view url);

/// All connection errors are reported with this text, because the user who chose the address must not learn about the
/// network; the log has the reason.
inline constexpr std::string_view receiverUnreached =
    "the receiver could not be reached; addresses that are not on the public internet need the setting webhooks.allow";

}  // namespace regesta::jobs
