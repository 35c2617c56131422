#pragma once
#include "api/endpoint.h"

namespace regesta::api::dvc {

/// DVC's HTTP remote below /dvc/{workspace}: GET, POST and PUT of files/md5/<2 hex>/<30 hex>[.dir]. A cache has no
/// names of datasets, so its readers and writers need a role on every name of the workspace. Also the part of DVC
/// Studio's API that `dvc artifacts get` uses (studio.h). Errors are plain text.
Front front();

}  // namespace regesta::api::dvc
