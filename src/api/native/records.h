#pragma once
#include "api/native/common.h"
#include "base/limits_records.h"
#include "record/record.h"

namespace regesta::api::native {

inline constexpr Rule recordText = atMost(static_cast<std::int64_t>(limits::recordTextLength));

/// One line of POST /api/v1/records.
struct RecordItem {
  std::string model, prompt, at, subject, caller, inputsCommitment, trace;
  RawJson inputs, parameters, output;
  std::optional<std::int64_t> seed;
  static constexpr Field fields[] = {
      field<&RecordItem::model>("model", about("NAME@VERSION, a number or SemVer")),
      field<&RecordItem::prompt>("prompt", about("NAME@VERSION")),
      field<&RecordItem::at>("at", about("RFC 3339; absent: now")),
      field<&RecordItem::subject>("subject", recordText | about("the person that the prediction is about")),
      field<&RecordItem::caller>("caller", recordText | about("the application that asked")),
      field<&RecordItem::inputs>("inputs"),
      field<&RecordItem::inputsCommitment>("inputs_commitment",
                                           recordText | about("instead of inputs: a keyed digest")),
      field<&RecordItem::parameters>("parameters"),
      field<&RecordItem::seed>("seed"),
      field<&RecordItem::output>("output"),
      field<&RecordItem::trace>("trace_id", recordText)};
};
struct SealedAnswer {
  std::int64_t batch = 0, records = 0;
  std::string digest, first;
  static constexpr Field fields[] = {field<&SealedAnswer::batch>("batch"), field<&SealedAnswer::records>("records"),
                                     field<&SealedAnswer::digest>("digest", about("root of the batch's Merkle tree")),
                                     field<&SealedAnswer::first>("first", about("id of the first record"))};
};
SealedAnswer sealRecords(Call& call, std::string_view lines, std::string_view key);

struct RecordAnswer {
  std::string id;
  std::int64_t batch = 0;
  std::optional<std::string> model, policy, prompt, at, erasedAt;
  bool readable = false;
  std::optional<std::string> subject, caller;
  RawJson record;
  std::string commitment;
  static constexpr Field fields[] = {
      field<&RecordAnswer::id>("id"),
      field<&RecordAnswer::batch>("batch"),
      field<&RecordAnswer::model>("model", about("NAME@VERSION, by the present name")),
      field<&RecordAnswer::policy>("policy", about("instead of a model: the record is a decision of an OPA")),
      field<&RecordAnswer::prompt>("prompt"),
      field<&RecordAnswer::at>("at"),
      field<&RecordAnswer::erasedAt>("erased_at", about("when its subject was erased")),
      field<&RecordAnswer::readable>("readable", about("whether you may read inputs and output, and they exist")),
      field<&RecordAnswer::subject>("subject"),
      field<&RecordAnswer::caller>("caller"),
      field<&RecordAnswer::record>("record", about("everything that was reported; only in the answer for one record")),
      field<&RecordAnswer::commitment>("commitment")};
};
struct RecordQuery {
  std::string model, policy, prompt, subject, since, until, pageToken;
  std::int64_t pageSize = 0;
  static constexpr std::string_view documentation =
      "Newest first: by time if a version or a subject is given, else by arrival. A search by subject needs admin or "
      "auditor, and so do subject, inputs and output of a record.";
  static constexpr Field fields[] = {field<&RecordQuery::model>("model", about("NAME@VERSION")),
                                     field<&RecordQuery::policy>("policy", about("NAME@VERSION")),
                                     field<&RecordQuery::prompt>("prompt", about("NAME@VERSION")),
                                     field<&RecordQuery::subject>("subject"),
                                     field<&RecordQuery::since>("since", about("RFC 3339")),
                                     field<&RecordQuery::until>("until", about("RFC 3339")),
                                     field<&RecordQuery::pageToken>("page_token"),
                                     field<&RecordQuery::pageSize>("page_size", pageRule)};
};
struct RecordPath {
  std::string id;
  static constexpr Field fields[] = {field<&RecordPath::id>("id", required | about("BATCH.POSITION"))};
};
struct Erasure {
  std::string subject;
  static constexpr std::string_view documentation =
      "Destroys the key that the subject's records are encrypted with. The ledger still verifies. Cannot be undone.";
  static constexpr Field fields[] = {field<&Erasure::subject>("subject", required | recordText)};
};
struct ErasureAnswer {
  std::int64_t records = 0;
  static constexpr Field fields[] = {field<&ErasureAnswer::records>("records")};
};
struct ExpiryOrder {
  std::string before;
  static constexpr std::string_view documentation =
      "Deletes the records of batches whose newest record is older. Batches with records of a held version stay.";
  static constexpr Field fields[] = {field<&ExpiryOrder::before>("before", required | about("RFC 3339"))};
};
struct ExpiryAnswer {
  std::int64_t batches = 0, records = 0, held = 0;
  bool finished = false;
  static constexpr Field fields[] = {field<&ExpiryAnswer::batches>("batches"), field<&ExpiryAnswer::records>("records"),
                                     field<&ExpiryAnswer::held>("held", about("batches that a legal hold keeps")),
                                     field<&ExpiryAnswer::finished>("finished", about("false: call again"))};
};
struct BatchAnswer {
  std::int64_t id = 0, records = 0;
  std::string digest;
  std::optional<std::string> firstAt, lastAt, createdAt;
  std::string createdBy;
  std::optional<std::string> expiredAt;
  static constexpr Field fields[] = {field<&BatchAnswer::id>("id"),
                                     field<&BatchAnswer::records>("records"),
                                     field<&BatchAnswer::digest>("digest"),
                                     field<&BatchAnswer::firstAt>("first_at"),
                                     field<&BatchAnswer::lastAt>("last_at"),
                                     field<&BatchAnswer::createdAt>("created_at"),
                                     field<&BatchAnswer::createdBy>("created_by"),
                                     field<&BatchAnswer::expiredAt>("expired_at")};
};
struct RecordFault {
  std::string subject, what;
  static constexpr Field fields[] = {field<&RecordFault::subject>("subject", about("record/412.17, record-batch/412")),
                                     field<&RecordFault::what>("what")};
};
struct BatchCheck {
  std::int64_t batch = 0, records = 0, unreadable = 0;
  std::string digest;
  std::vector<RecordFault> faults;
  static constexpr Field fields[] = {field<&BatchCheck::batch>("batch"), field<&BatchCheck::records>("records"),
                                     field<&BatchCheck::digest>("digest", about("as the ledger has it")),
                                     field<&BatchCheck::unreadable>("erased"),
                                     field<&BatchCheck::faults>("faults", about("empty: verified"))};
};

Page<RecordAnswer> listRecords(Call& call, const RecordQuery& query);
RecordAnswer getRecord(Call& call, const RecordPath& path);
ErasureAnswer eraseSubject(Call& call, const Erasure& request);
ExpiryAnswer expireRecords(Call& call, const ExpiryOrder& request);
Page<BatchAnswer> listRecordBatches(Call& call, const PageQuery& query);
BatchCheck verifyRecordBatch(Call& call, const NumberOnly& path);

}  // namespace regesta::api::native
