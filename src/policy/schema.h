#pragma once
#include <span>
#include <string_view>

namespace regesta::policy {

/// Members of `input` in a gate check (docs/policy-input.md), one dotted path per member: `*` is any key, `[]` any
/// item,
/// `**` anything below. governance builds the input and must update this table; Engine::check() refuses a policy that
/// uses any other member, because a mistyped member is undefined and a deny that uses it never fires.
std::span<const std::string_view> inputPaths();

/// Functions of OPA 1.22 that the embedded engine lacks.
std::span<const std::string_view> opaOnlyFunctions();

}  // namespace regesta::policy
