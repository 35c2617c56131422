#pragma once
#include <string>
#include <vector>

#include "base/json.h"

namespace regesta::proof {

/// What a bill of materials takes from a card.
struct BomCard {
  std::vector<std::string> licenses;  ///< as written
  std::string task, baseModel;
  std::vector<std::string> uses, limitations, ethics, training;
};
/// `body` is that of evidence of the type card. A card whose front matter is faulty states nothing by it.
BomCard readBomCard(const json::value& body);

}  // namespace regesta::proof
