#pragma once
#include <string_view>

#include "delivery/template/scan.h"

namespace regesta::delivery {

/// Which variables a Jinja2 template takes from outside, by a light reading of its tags: names that no set, for, macro,
/// with, import or block of the template itself brings are variables. Rendering is the policy worker's business, and
/// only it knows all of the language: here are faults only for tags and blocks that do not close.
TemplateScan scanJinja(std::string_view text);

}  // namespace regesta::delivery
