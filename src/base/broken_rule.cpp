#include "base/broken_rule.h"

#include "base/json.h"
#include "base/text.h"

namespace regesta {

std::string shownValue(std::string_view value) {
  std::string shown;
  if (!value.empty()) appendJsonString(shown, shorten(value, 500));
  return shown;
}

}  // namespace regesta
