#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct ExperimentAnswer {
  std::string id, name;
  std::optional<std::string> createdAt, updatedAt;
  TextMap tags;
  static constexpr Field fields[] = {field<&ExperimentAnswer::id>("id"), field<&ExperimentAnswer::name>("name"),
                                     field<&ExperimentAnswer::createdAt>("created_at"),
                                     field<&ExperimentAnswer::updatedAt>("updated_at"),
                                     field<&ExperimentAnswer::tags>("tags")};
};
struct ExperimentQuery {
  std::string pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&ExperimentQuery::pageToken>("page_token"),
                                     field<&ExperimentQuery::pageSize>("page_size", pageRule)};
};

/// The active experiments that the caller may read, oldest first.
Page<ExperimentAnswer> listExperiments(Call& call, const ExperimentQuery& query);

}  // namespace regesta::api::native
