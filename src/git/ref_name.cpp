#include "git/ref_name.h"

#include <git2.h>

#include <string>

#include "base/text.h"
#include "git/libgit2.h"

namespace regesta::git {

bool isRefName(std::string_view name) {
  if (name.size() > 1024 || !isUtf8(name) || name.find('\0') != std::string_view::npos) return false;
  startLibrary();
  int valid = 0;
  return git_reference_name_is_valid(&valid, std::string(name).c_str()) == 0 && valid == 1;
}

}  // namespace regesta::git
