#include "base/work.h"

#include "base/error.h"

namespace regesta {
namespace {

thread_local Work work;

}  // namespace

const Work& currentWork() noexcept { return work; }

WorkScope::WorkScope(const Work& now) noexcept : outer_(work) { work = now; }

WorkScope::~WorkScope() { work = outer_; }

const Cancellation* Cancellation::current() noexcept { return work.cancellation; }

bool Cancellation::cancelled() const noexcept {
  bool is = abandoned() || late();
  if (is) observed_.store(true, std::memory_order_relaxed);
  return is;
}

Error Cancellation::reason() const {
  if (abandoned()) return Error(Code::unavailable, "the caller has gone");
  return Error(Code::tooLarge,
               "the request took too long and was stopped; ask for less: fewer experiments, a narrower filter "
               "(an id, a name, a time), or a smaller page");
}

void checkCancelled() {
  const Cancellation* cancellation = work.cancellation;
  if (cancellation != nullptr && cancellation->cancelled()) throw cancellation->reason();
}

}  // namespace regesta
