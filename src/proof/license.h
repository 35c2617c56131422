#pragma once
#include <string>
#include <string_view>

namespace regesta::proof {

/// A license as its author wrote it. One of the members is set.
struct License {
  std::string id;          ///< SPDX identifier, in SPDX's spelling
  std::string expression;  ///< SPDX expression of known identifiers: "MIT OR Apache-2.0"
  std::string name;        ///< anything else
};
License readLicense(std::string_view text);

}  // namespace regesta::proof
