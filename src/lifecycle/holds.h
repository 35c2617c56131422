#pragma once
#include "access/access.h"
#include "registry/hold.h"

/// Who may place, lift and see legal holds (registry/hold.h).
namespace regesta::lifecycle {

/// The identity must administer every name that the hold covers. Throws Error{denied} otherwise, and like
/// registry::placeHold().
registry::Hold placeHold(registry::Change& change, const access::Identity& identity, registry::Hold hold);

/// Lifts a hold. Four eyes: the user who placed it cannot, another administrator of everything that it covers can.
/// Tokens cannot. Throws Error{denied}, Error{notFound} and like registry::liftHold().
registry::Hold liftHold(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                        std::int64_t id, std::string_view reason);

/// Whether the hold can cover a name that the identity may read.
bool maySee(const access::Identity& identity, const registry::Hold& hold);

}  // namespace regesta::lifecycle
