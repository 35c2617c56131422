#pragma once
#include "api/endpoint.h"

namespace regesta::api::xet {

/// The content-addressed store of the Xet protocol 1.1 below /hf/cas, for hf_xet and @huggingface/hub: xorbs, shards,
/// reconstructions, queries for chunks, and the bytes of xorbs at signed URLs. Callers show a token of the hub
/// (api/xet_token.h). Errors are JSON.
Front front();

}  // namespace regesta::api::xet
