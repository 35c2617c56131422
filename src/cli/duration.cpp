#include "cli/duration.h"

#include "base/text.h"
#include "cli/arguments.h"

namespace regesta::cli {

std::int64_t readSeconds(const std::string& text, std::string_view option) {
  constexpr std::int64_t longest = std::int64_t{30} * 24 * 3600;
  std::int64_t unit = 1;
  std::string_view number = text;
  if (!number.empty() && !std::isdigit(static_cast<unsigned char>(number.back()))) {
    unit = number.back() == 's' ? 1 : number.back() == 'm' ? 60 : number.back() == 'h' ? 3600 : 0;
    number.remove_suffix(1);
  }
  auto count = parseInteger(number);
  if (!count || *count < 0 || unit == 0 || *count > longest / unit)
    throw UsageError(fmt::format("--{} is written 90s, 30m or 2h, at most 30 days, not \"{}\"", option, text));
  return *count * unit;
}

}  // namespace regesta::cli
