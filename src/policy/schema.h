#pragma once
#include <span>
#include <string_view>

namespace regesta::policy {

/// What `input` has when a gate is evaluated (docs/policy-input.md), one dotted path a member: `*` is any key, `[]` any
/// item, `**` anything below. governance builds the input and keeps this table true; Engine::check() refuses a policy
/// that asks for anything else, because a mistyped member is undefined, and a deny that rests on it never fires.
std::span<const std::string_view> inputPaths();

/// Functions that OPA 1.22 has and the embedded engine has not.
std::span<const std::string_view> opaOnlyFunctions();

}  // namespace regesta::policy
