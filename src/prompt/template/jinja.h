#pragma once
#include <string_view>

#include "prompt/template/scan.h"

namespace regesta::prompt {

/// The variables of a Jinja2 template, by a light scan of its tags: names that no set, for, macro, with, import or
/// block of the template defines. The policy worker renders and knows the whole language; this scan reports only tags
/// and blocks that do not close.
TemplateScan scanJinja(std::string_view text);

}  // namespace regesta::prompt
