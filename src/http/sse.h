#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "http/message.h"

namespace regesta::http {

/// One server-sent event as the HTML standard writes it. Empty parts are left out; `data` may have several lines. A
/// line break or NUL in `id` or `event` would begin a new field: they are dropped.
std::string serverSentEvent(std::string_view data, std::string_view id = {}, std::string_view event = {});
/// A comment that keeps proxies from closing a quiet stream.
std::string_view serverSentHeartbeat();
/// Tells the browser how long to wait before it connects again.
std::string serverSentRetry(std::chrono::milliseconds delay);
/// The head of an event stream: uncached, unbuffered by proxies.
Response serverSentHead();

}  // namespace regesta::http
