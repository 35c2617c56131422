#pragma once
#include "api/xet/call.h"

namespace regesta::api::xet {

/// POST of a shard, version 1: answers when its files are stored.
Task uploadShard(http::Exchange& exchange, Core& core);

/// Version 2: tells how far it is, one JSON object per line. What it refuses after the first line is a line, too.
Task uploadShardWithProgress(http::Exchange& exchange, Core& core);

}  // namespace regesta::api::xet
