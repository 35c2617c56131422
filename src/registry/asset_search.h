#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "registry/asset.h"

namespace regesta::registry {

/// Conditions of a search for assets. Empty members match everything.
struct AssetSearch {
  /// Each is part of the name, of the description or of a tag written "key=value". Case is ignored, beyond ASCII if the
  /// database supports it. Only the first four words are used.
  std::vector<std::string> words;
  std::string aliasPrefix;  ///< prefix of an alias of the asset; case is ignored
  std::string nameAfter;    ///< only names after this one

  bool narrows() const { return !words.empty() || !aliasPrefix.empty(); }
};

/// Splits a search text into its words.
std::vector<std::string> searchWords(std::string_view text);
/// By name, tags filled in, at most `limit`.
std::vector<Asset> searchAssets(db::Transaction& transaction, std::string_view workspace, Kind kind,
                                const AssetSearch& search, std::size_t limit);

}  // namespace regesta::registry
