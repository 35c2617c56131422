#pragma once
#include <string>
#include <string_view>

#include "db/database.h"

namespace regesta::gitremote {

/// The alias that a ref's name can be confused with: "greeting#production" if the ref, decoded and in any case, joins a
/// prompt's name and one of its aliases or a protected alias ("greeting@production", "g%23production", branch
/// "alias/greeting/production"), or the version ("greeting@v1.2.0" for "greeting@1.2.0"), whose tag only its
/// registration sets. Empty: none. Throws Error{invalid} for names with too many parts.
std::string claimReadInto(db::Transaction& transaction, std::string_view workspace, std::string_view ref);

}  // namespace regesta::gitremote
