#pragma once
#include <optional>

#include "base/config.h"
#include "http/mail.h"
#include "policy/remote_opa.h"
#include "server/request_tracing.h"

/// Settings of the programs of the operator that the server calls.
namespace regesta::server {

/// Throws Error{invalid} that names the setting.
policy::RemoteOpa::Options opaOptions(const Config& config);
http::MailServer mailServer(const Config& config);
/// Empty optional: no receiver of spans is set.
std::optional<RequestTracing::Options> tracingOptions(const Config& config);

}  // namespace regesta::server
