#include "api/body_limit.h"

#include <algorithm>

#include "base/limits_edge.h"

namespace regesta::api {
namespace {

// A dataset's profile alone may have 16 MiB, and one span the images of a conversation.
constexpr std::string_view large[] = {
    "/api/2.0/mlflow/runs/log-batch",
    "/api/2.0/mlflow/runs/log-inputs",
    "/api/3.0/mlflow/datasets/{dataset_id}/records",
    "/v1/traces",
};

}  // namespace

std::size_t bodyLimitOf(const Route& route) {
  return std::ranges::find(large, route.pattern) == std::end(large) ? 0 : limits::largeBody;
}

}  // namespace regesta::api
