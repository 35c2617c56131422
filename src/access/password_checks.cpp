#include "access/password_checks.h"

#include "base/error.h"
#include "base/limits_edge.h"

namespace regesta::access {
namespace {

// One check takes tens of MiB: two at a time keep the memory of the whole server within its bounds.
constexpr std::size_t atOnce = 2;

[[noreturn]] void tooMany() {
  throw Error(Code::exhausted, "too many passwords are being checked at once; try again in 1 s");
}

}  // namespace

bool PasswordChecks::follow(Sync<Field>::Guard& field, const std::shared_ptr<Flight>& flight) {
  if (field->followers >= limits::passwordFollowers) tooMany();
  ++field->followers;
  field.wait(changed_, [&] { return flight->landed; });
  --field->followers;
  if (flight->failure) std::rethrow_exception(flight->failure);
  return flight->right;
}

bool PasswordChecks::run(const std::string& credentials, bool known, const std::function<bool()>& check) {
  auto field = field_.lock();
  if (auto there = field->flights.find(credentials); there != field->flights.end()) {
    std::shared_ptr<Flight> flight = there->second;
    return follow(field, flight);
  }
  std::size_t Field::* place = known ? &Field::known : &Field::strangers;
  if ((*field).*place >= (known ? limits::passwordChecksKnown : limits::passwordChecks)) tooMany();
  ++((*field).*place);
  auto flight = field->flights[credentials] = std::make_shared<Flight>();
  field.wait(changed_, [&] { return field->running < atOnce; });
  ++field->running;
  field.unlock();
  try {
    flight->right = check();
  } catch (...) {
    flight->failure = std::current_exception();
  }
  field = field_.lock();
  --field->running;
  --((*field).*place);
  flight->landed = true;
  field->flights.erase(credentials);
  changed_.notify_all();
  if (flight->failure) std::rethrow_exception(flight->failure);
  return flight->right;
}

}  // namespace regesta::access
