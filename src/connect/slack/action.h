#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "connect/connector.h"

namespace regesta::connect::slack {

inline constexpr std::string_view approveAction = "regesta_approve", rejectAction = "regesta_reject";

/// The review in the body of an interactive callback ("payload=…", a form with JSON). Nothing: it is about something
/// else, such as a link. Throws Invalid for a body that is not understood.
std::optional<Incoming> readAction(std::string_view body);
/// "1718000000.000100", Slack's time of a message, in milliseconds; 0 for anything else.
std::int64_t millisOf(std::string_view stamp);
/// The id of the ticket of a message.
std::string ticketOf(std::string_view channel, std::string_view stamp);

}  // namespace regesta::connect::slack
