#pragma once
#include "api/endpoint.h"

namespace regesta::api::ofrep {

/// The OpenFeature Remote Evaluation Protocol 0.3: errors are {"key","errorCode","errorDetails"}, and those about
/// credentials have no body.
const Dialect& dialect();
http::Response renderError(const http::Request& request, const Error& error);

}  // namespace regesta::api::ofrep
