#include "proof/license.h"

#include <algorithm>

#include "base/text.h"

namespace regesta::proof {
namespace {

// Of SPDX's list, those that models and datasets have. Others are stated by name, which both formats allow.
constexpr std::string_view knownLicenses[] = {
    "0BSD",
    "AFL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-2.0",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-3-Clause-Clear",
    "BSL-1.0",
    "CC-BY-2.0",
    "CC-BY-2.5",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-NC-2.0",
    "CC-BY-NC-3.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-ND-3.0",
    "CC-BY-NC-ND-4.0",
    "CC-BY-NC-SA-2.0",
    "CC-BY-NC-SA-3.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0",
    "CDLA-Sharing-1.0",
    "ECL-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "GFDL-1.3-or-later",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "ISC",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "LPPL-1.3c",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "MS-PL",
    "NCSA",
    "ODC-By-1.0",
    "ODbL-1.0",
    "OFL-1.1",
    "OSL-3.0",
    "PDDL-1.0",
    "PostgreSQL",
    "Python-2.0",
    "Unlicense",
    "WTFPL",
    "Zlib",
};

std::string_view knownId(std::string_view text) {
  auto found = std::ranges::find_if(knownLicenses, [&](std::string_view id) { return equalsIgnoreCase(id, text); });
  return found == std::end(knownLicenses) ? std::string_view() : *found;
}

bool isOperator(std::string_view word) { return word == "AND" || word == "OR"; }

/// The expression in SPDX's spelling; empty: not one of known identifiers. Parentheses are not read.
std::string expressionOf(std::string_view text) {
  std::string expression;
  bool operand = true;
  for (std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    std::string_view shown = operand ? knownId(word) : isOperator(word) ? word : std::string_view();
    if (shown.empty()) return {};
    if (!expression.empty()) expression += ' ';
    expression += shown;
    operand = !operand;
  }
  return operand ? std::string() : expression;
}

}  // namespace

License readLicense(std::string_view text) {
  License license;
  text = trim(text);
  if (std::string_view id = knownId(text); !id.empty())
    license.id = id;
  else if (std::string expression = expressionOf(text); !expression.empty())
    license.expression = std::move(expression);
  else
    license.name = shorten(text, 200);
  return license;
}

}  // namespace regesta::proof
