#include "lifecycle/collection.h"

#include "base/time.h"
#include "registry/part_upload.h"

namespace regesta::lifecycle {

CollectionPage collectPage(registry::Store& store, blob::Packs& packs, const registry::Actor& actor,
                           const std::string& after, std::int64_t graceMillis, bool dryRun) {
  std::int64_t now = nowMillis();
  if (!dryRun && after.empty())
    while (store.write([&](db::Transaction& transaction) { return registry::removeOldUploads(transaction, now); }) >
           0) {
    }
  CollectionPage page;
  page.content = registry::collectContent(
      store, packs, actor, after,
      {.graceMillis = graceMillis, .uploadMillis = uploadMillis, .now = now, .dryRun = dryRun});
  if (page.content.next.empty()) page.packs = blob::collectPacks(packs, now, now - graceMillis, dryRun);
  return page;
}

}  // namespace regesta::lifecycle
