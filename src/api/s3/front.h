#pragma once
#include "api/endpoint.h"

namespace regesta::api::s3 {

/// Amazon S3's API below /s3, path style: a bucket is a workspace, a key is a path in its artifact tree
/// (registry/tree.h), the same that mlflow-artifacts:/ shows. Requests are signed with the key of a token
/// (access::AccessKey). Errors are S3's XML.
Front front();

}  // namespace regesta::api::s3
