#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/version.h"

/// Decision records: one prediction of a model or prompt, or one decision of a policy. They are bulk data, so a batch
/// has one entry, "records.sealed", with the root of a Merkle tree (RFC 6962) over its records.
namespace regesta::record {

/// The row ids and numbers of what answered; 0: none. One of both is set.
struct Cited {
  std::int64_t asset = 0, number = 0;         ///< the model or the policy
  std::int64_t prompt = 0, promptNumber = 0;  ///< the prompt
};

struct NewRecord {
  Cited cited;
  std::vector<std::string> about;  ///< "model/loan-risk@7", for the entry
  std::int64_t at = 0;             ///< milliseconds
  std::string subject;             ///< the person that it is about; empty: nobody
  std::string body;                ///< canonical JSON of the whole record
};

struct Batch {
  std::int64_t id = 0;
  std::string workspace;
  std::string digest;  ///< Merkle root, hexadecimal
  std::int64_t records = 0;
  std::int64_t firstAt = 0, lastAt = 0, createdAt = 0;
  std::string createdBy;
  std::int64_t expiredAt = 0;  ///< 0: its records are stored
  std::string entrySubject() const { return fmt::format("record-batch/{}", id); }
};

/// Stores a batch durably and seals it: "records.sealed". A second batch of the actor with the same idempotency key is
/// not stored: the first is returned, or Error{conflict} if it had other records. Throws Error{tooLarge} above the
/// limits.
Batch seal(registry::Store& store, const registry::Actor& actor, std::string_view workspace,
           const std::vector<NewRecord>& records, std::string_view key);

/// A stored record. Its body is readable until its subject is erased.
struct Record {
  std::int64_t batch = 0, position = 0;
  Cited cited;
  std::int64_t at = 0;
  std::int64_t subject = 0;  ///< row of the subject; 0: nobody
  std::int64_t erasedAt = 0;
  std::string commitment;   ///< HMAC-SHA-256 of the body under a random salt that is stored with the body
  std::string stored, key;  ///< as in the database
  std::string id() const { return fmt::format("{}.{}", batch, position); }
  /// The leaf of the batch's tree.
  std::string leaf() const;
  /// The body; empty once the subject is erased. Throws Error{corrupt} if it is not what was sealed.
  std::string open() const;
};

struct Search {
  std::string workspace;
  Cited cited;          ///< 0: any
  std::string subject;  ///< empty: any
  std::int64_t since = 0, until = INT64_MAX;
  /// The last record of the page before, whose time, batch and position order the records.
  std::int64_t beforeAt = INT64_MAX, beforeBatch = INT64_MAX, beforePosition = INT64_MAX;
  std::size_t limit = 100;
};
/// Newest first: by time if a version or subject is given, else by arrival.
std::vector<Record> search(db::Transaction& transaction, const registry::Store& store, const Search& search);
/// "412.17". Nothing for an unknown one, also of another workspace.
std::optional<Record> find(db::Transaction& transaction, std::string_view workspace, std::string_view id);
std::optional<Batch> findBatch(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
/// Newest first.
std::vector<Batch> listBatches(db::Transaction& transaction, std::string_view workspace, std::size_t limit,
                               std::int64_t before = 0);

/// The batches with records of a version, newest first, and how many.
struct Share {
  Batch batch;
  std::int64_t records = 0;
};
std::vector<Share> batchesOf(db::Transaction& transaction, const registry::Version& version, std::size_t limit);

/// How many records cite a version, and the times of the first and the last one; 0: none.
struct Times {
  std::int64_t count = 0, firstAt = 0, lastAt = 0;
};
Times timesOf(db::Transaction& transaction, const registry::Version& version);
/// The number of records that cite a version.
std::int64_t countOf(db::Transaction& transaction, const registry::Version& version);

/// Destroys the key of a subject: nobody can read its records any more, in older backups neither once their copy of the
/// key is gone; the ledger still verifies. Recorded as "records.erased". Returns the number of records. Throws
/// Error{notFound}, and Error{refused} while a legal hold covers a version that one of them cites.
std::int64_t erase(registry::Store& store, const registry::Actor& actor, std::string_view workspace,
                   std::string_view subject);

struct Expiry {
  std::int64_t batches = 0, records = 0, held = 0;
  bool finished = true;  ///< false: call again
};
/// Deletes the records of batches whose newest record is older than `before`, except what a legal hold covers. Each is
/// recorded as "records.expired".
Expiry expire(registry::Store& store, const registry::Actor& actor, std::string_view workspace, std::int64_t before);

/// What is wrong, and with what: "record/412.17", "record-batch/412".
using Report = std::function<void(std::string subject, std::string what)>;
/// Compares the stored records of all batches with the digests that the ledger has (their rows are governed). Returns
/// the number of records.
std::int64_t checkRecords(db::Transaction& transaction, const Report& report);
/// The same for one batch, and opens every record: names each that is not what was sealed.
std::int64_t checkBatch(db::Transaction& transaction, const registry::Store& store, const Batch& batch,
                        const Report& report);

}  // namespace regesta::record
