#pragma once
#include "api/endpoint.h"
#include "http/message.h"
#include "http/router.h"

namespace regesta::api::mlflow {

/// Everything that the unmodified mlflow client calls, as MLflow 3.17 answers it.
Front front();

/// The routes that move bytes: artifact upload and download.
void mountStreams(http::Router& router, Core& core);

/// An unknown path or a malformed request below MLflow's paths. Unknown paths get an empty 404, which makes the client
/// fall back to older endpoints.
http::Response renderStray(const http::Request& request, const Error& error);

}  // namespace regesta::api::mlflow
