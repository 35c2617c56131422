#pragma once
#include "api/wandb/execute.h"

namespace regesta::api::wandb {

std::span<const Resolver> accountResolvers();
std::span<const Resolver> runResolvers();
std::span<const Resolver> runListResolvers();
std::span<const Resolver> sweepResolvers();
std::span<const Resolver> artifactResolvers();
std::span<const Resolver> artifactMakers();
std::span<const Resolver> artifactParts();
std::span<const Resolver> artifactWriters();
std::span<const Resolver> automationResolvers();
std::span<const Resolver> collectionWriters();
std::span<const Resolver> registrySearch();
std::span<const Resolver> registryWriters();
std::span<const Resolver> runChanges();

}  // namespace regesta::api::wandb
