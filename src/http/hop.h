#pragma once
#include <functional>

#include <boost/asio/awaitable.hpp>

#include "http/waiting.h"

namespace regesta::http {

/// Runs `work` on the pool and comes back to the coroutine's own thread. What it throws is thrown here. What `as`
/// points to belongs to the coroutine that waits.
boost::asio::awaitable<void> runOn(WaitingPool& pool, std::function<void()> work, Work as = {});

}  // namespace regesta::http
