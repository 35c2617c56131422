#include "registry/import_mark.h"

#include "base/error.h"

namespace regesta::registry {
namespace {

thread_local const json::object* present = nullptr;

}  // namespace

ImportMark::ImportMark(json::object import) : import_(std::move(import)) {
  REGESTA_INVARIANT(present == nullptr);
  present = &import_;
}

ImportMark::~ImportMark() { present = nullptr; }

const json::object* ImportMark::current() { return present; }

}  // namespace regesta::registry
