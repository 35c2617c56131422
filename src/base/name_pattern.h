#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace regesta {

/// Which assets a grant or a policy binding is about: "*" is any, and `name` is a glob.
struct AssetPattern {
  std::string_view workspace = "*", kind = "*", name = "*";
  bool isIn(std::string_view asked) const { return workspace == "*" || workspace == asked; }
  bool covers(std::string_view inWorkspace, std::string_view ofKind, std::string_view named) const {
    return isIn(inWorkspace) && (kind == "*" || kind == ofKind) && globMatch(name, named);
  }
};

/// Whether one of the patterns KIND/NAME ("model/loan-*", "*/*") covers the asset; no patterns cover every asset.
inline bool coversAny(const std::vector<std::string>& patterns, std::string_view kind, std::string_view name) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](std::string_view pattern) {
           std::size_t slash = pattern.find('/');
           return AssetPattern{.kind = pattern.substr(0, slash), .name = pattern.substr(slash + 1)}.covers("*", kind,
                                                                                                           name);
         });
}

/// Whether every name that matches `narrower` also matches `wider`: '*' is any text, '?' one character except '*'.
/// Reading the narrower pattern as a name decides it, because a '*' in it is then matched by a '*' alone, and a '?' by
/// '?' or '*'. "*" stands for every name, so only patterns of nothing but '*' cover it. Never says yes wrongly; says no
/// for pairs whose wildcards would have to be split to fit ("?*a*" and "*ba").
inline bool patternCovers(std::string_view wider, std::string_view narrower) { return globMatch(wider, narrower); }

}  // namespace regesta
