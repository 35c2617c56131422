#pragma once
#include <string>
#include <string_view>

#include "api/core.h"
#include "api/ofrep/flag_key.h"
#include "delivery/resolve.h"

namespace regesta::api::ofrep {

/// A prompt version as the value of an object flag: {"name","version","semver","digest","type","template" or
/// "messages","template_format","model_config","input_schema","response_format","tools"}, without absent members.
/// Pass it to delivery::Served::view, which caches the result.
std::string flagValue(const delivery::Resolved& found);

/// One evaluation: {"key","value","reason","variant","metadata"}, the metadata flat.
std::string evaluationJson(std::string_view key, const FlagKey& flag, const delivery::Served& served);

/// OpenFeature's reason for the choice of a version: STATIC, SPLIT or TARGETING_MATCH.
std::string_view reasonOf(const delivery::Resolved& found);
/// "stable", "candidate" or an arm's name.
std::string_view variantOf(const delivery::Resolved& found);

}  // namespace regesta::api::ofrep
