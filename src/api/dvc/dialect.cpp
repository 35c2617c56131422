#include "api/dvc/dialect.h"

namespace regesta::api::dvc {
const Dialect& dialect() {
  static const Dialect dvc{.name = "dvc", .manner = {}, .workspaceOfGrants = true, .renderError = renderPlainError};
  return dvc;
}

}  // namespace regesta::api::dvc
