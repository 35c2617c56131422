#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::proof {

/// The members of an opened pack.
struct Documents {
  std::map<std::string, std::string, std::less<>> texts;    ///< bytes of the documents, without files and ledger
  std::map<std::string, json::value, std::less<>> values;   ///< those that are JSON
  std::map<std::string, std::string, std::less<>> digests;  ///< SHA-256 of every member
  std::map<std::int64_t, json::object> entries;             ///< bodies of the proven entries, by index
};
/// Receives the member that is wrong, and a sentence about it.
using Report = std::function<void(std::string_view member, std::string what)>;

/// A member of an object; null if it is missing.
const json::value& memberOf(const json::object& object, std::string_view name);
/// A document, or null.
const json::value& documentOf(const Documents& documents, std::string_view path);
/// The objects of a document that is a list; items that are not objects are left out.
std::vector<const json::object*> itemsOf(const Documents& documents, std::string_view path);

}  // namespace regesta::proof
