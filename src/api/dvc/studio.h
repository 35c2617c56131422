#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::dvc {

/// What `dvc artifacts get` asks of DVC Studio: where the files of an artifact's version or stage are. The answer's
/// addresses are signed for the files of that version.
std::span<const StreamRoute> studioStreams();

}  // namespace regesta::api::dvc
