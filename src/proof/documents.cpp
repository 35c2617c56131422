#include "proof/documents.h"

namespace regesta::proof {

const json::value& memberOf(const json::object& object, std::string_view name) {
  static const json::value null;
  const json::value* found = object.if_contains(name);
  return found ? *found : null;
}

const json::value& documentOf(const Documents& documents, std::string_view path) {
  static const json::value null;
  auto found = documents.values.find(path);
  return found == documents.values.end() ? null : found->second;
}

std::vector<const json::object*> itemsOf(const Documents& documents, std::string_view path) {
  std::vector<const json::object*> items;
  const json::value& list = documentOf(documents, path);
  if (list.is_array())
    for (const json::value& item : list.get_array())
      if (item.is_object()) items.push_back(&item.get_object());
  return items;
}

}  // namespace regesta::proof
