#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "proof/bom.h"

namespace regesta::proof {

struct CroissantColumn {
  std::string name;
  std::string_view type;  ///< of schema.org: "sc:Text", "sc:Integer", "sc:Float", "sc:Boolean"
};
/// A file whose columns are known.
struct CroissantTable {
  std::string path;
  std::vector<CroissantColumn> columns;
};

/// Croissant 1.0 of a dataset version, as JSON-LD. Content that is kept elsewhere has no SHA-256 and is left out.
json::object croissant(const Bom& bom, const std::vector<CroissantTable>& tables);

}  // namespace regesta::proof
