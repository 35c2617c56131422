#include "http/hop.h"

#include <exception>
#include <memory>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace regesta::http {

namespace asio = boost::asio;

asio::awaitable<void> runOn(WaitingPool& pool, std::function<void()> work, Work as) {
  std::exception_ptr failure;
  // The coroutine is suspended until the handler is posted back, so the pool's thread may use its locals; the pool is
  // closed, and with it this work ended, before any suspended coroutine is destroyed.
  auto initiate = [&](auto handler) {
    auto kept = std::make_shared<decltype(handler)>(std::move(handler));
    auto executor = asio::get_associated_executor(*kept);
    auto resume = [kept, executor] { asio::post(executor, [kept] { std::move (*kept)(); }); };
    auto task = [&failure, &work, resume] {
      try {
        work();
      } catch (...) {
        failure = std::current_exception();
      }
      resume();
    };
    try {
      pool.submit(std::move(task), as);
    } catch (...) {
      failure = std::current_exception();
      resume();
    }
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace regesta::http
