// regesta record: decision records, from the side of people who report, look for and verify them.
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/verification.h"

namespace regesta::cli {
namespace {

int add(Session& session) {
  json::value sealed =
      session.api().postLines("/api/v1/records", readInput(session.args.text("FILE")), session.args.text("key"));
  const json::object& object = sealed.as_object();
  return session.said(sealed, fmt::format("sealed {} records as batch {} ({})", member(object, "records"),
                                          member(object, "batch"), member(object, "digest")));
}

std::string ageTime(std::string_view age) {
  std::string_view number = age.substr(0, age.empty() ? 0 : age.size() - 1);
  auto count = parseInteger(number);
  std::int64_t unit = age.ends_with('d')   ? 86'400'000
                      : age.ends_with('h') ? 3'600'000
                      : age.ends_with('m') ? 60'000
                                           : 0;
  if (!count || *count < 0 || *count > 36'500 || unit == 0)
    throw UsageError("--older-than must be a number followed by d, h or m, for example 90d");
  return formatTime(nowMillis() - *count * unit);
}

int list(Session& session) {
  const Arguments& args = session.args;
  return session.list(
      "/api/v1/records",
      {{"model", args.text("model")},
       {"policy", args.text("policy")},
       {"prompt", args.text("prompt")},
       {"subject", args.text("subject")},
       {"since", args.text("since")},
       {"until", args.text("until")}},
      {"ID", "AT", "MODEL OR POLICY", "PROMPT", "SUBJECT", "CALLER", "ERASED"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "id"),
                shortTime(member(item, "at")),
                member(item, item.contains("policy") ? "policy" : "model"),
                member(item, "prompt"),
                member(item, "subject"),
                member(item, "caller"),
                shortTime(member(item, "erased_at"))};
      },
      "no records");
}

int show(Session& session) {
  json::value found = session.api().get(route({"records", session.args.text("RECORD")}));
  return session.show(found, [](const json::object& object) {
    printFields({{"record", member(object, "id")},
                 {"at", shortTime(member(object, "at"))},
                 {"model", member(object, "model")},
                 {"policy", member(object, "policy")},
                 {"prompt", member(object, "prompt")},
                 {"commitment", member(object, "commitment")},
                 {"erased", shortTime(member(object, "erased_at"))}});
    fmt::print("\n");
    if (const json::value* record = object.if_contains("record"))
      printJson(*record);
    else
      fmt::print("{}\n", object.contains("erased_at")
                             ? "The subject was erased: nobody can read this record."
                             : "Reading inputs and output needs the role auditor or admin on the model.");
  });
}

int verify(Session& session) {
  std::vector<std::string> batches;
  std::string one = session.args.text("BATCH");
  if (!one.empty())
    batches.push_back(one.substr(0, one.find('.')));
  else
    session.api().each("/api/v1/record-batches", {}, SIZE_MAX,
                       [&](const json::object& batch) { batches.push_back(member(batch, "id")); });
  json::array findings;
  std::int64_t records = 0, erased = 0;
  for (const std::string& batch : batches) {
    json::value answer = session.api().post(route({"record-batches", batch, "verify"}));
    const json::object& check = answer.as_object();
    records += memberInteger(check, "records");
    erased += memberInteger(check, "erased");
    for (const json::value& fault : check.at("faults").as_array()) findings.push_back(fault);
  }
  return outcome(session, json::object{{"batches", batches.size()}, {"records", records}, {"erased", erased}}, findings,
                 fmt::format("{} batches with {} records are as they were sealed; {} records are erased",
                             batches.size(), records, erased));
}

int erase(Session& session) {
  session.confirmRemoval("the key to all records of this subject");
  json::value erased =
      session.api().post(route({"records", "erase"}), json::object{{"subject", session.args.text("SUBJECT")}});
  return session.said(
      erased, fmt::format("erased {} records: nobody can read them any more", member(erased.as_object(), "records")));
}

int expire(Session& session) {
  std::string before = ageTime(session.args.text("older-than"));
  session.confirmRemoval(fmt::format("every batch of records from before {}", before));
  std::int64_t batches = 0, records = 0;
  json::object answer;
  do {
    answer = session.api().post(route({"records", "expire"}), json::object{{"before", before}}).as_object();
    batches += memberInteger(answer, "batches");
    records += memberInteger(answer, "records");
  } while (member(answer, "finished") != "true");
  answer["batches"] = batches;
  answer["records"] = records;
  return session.said(answer, fmt::format("deleted {} records of {} batches; legal holds keep {} batches", records,
                                          batches, member(answer, "held")));
}

}  // namespace

Commands recordCommands() {
  return {
      {.path = "record add",
       .summary = "report predictions and seal them into the ledger",
       .operands = {{"FILE", "JSON Lines, one record each; - for stdin"}},
       .options = {{"key", "TEXT", "idempotency key: a second batch with it is not stored"}},
       .examples = {"regesta record add predictions.jsonl"},
       .run = add},
      {.path = "record list",
       .summary = "list decision records, newest first",
       .options = {{"model", "NAME@VERSION", "only predictions of this model version"},
                   {"policy", "NAME@VERSION", "only decisions of an OPA by this policy version"},
                   {"prompt", "NAME@VERSION", "only predictions with this prompt version"},
                   {"subject", "TEXT", "only records about this person (auditor or admin)"},
                   {"since", "TIME", "RFC 3339"},
                   {"until", "TIME", "RFC 3339"}},
       .examples = {"regesta record list --model loan-risk@7 --since 2026-11-01T00:00:00Z",
                    "regesta record list --subject customer-4711"},
       .run = list},
      {.path = "record show",
       .summary = "show a decision record",
       .operands = {{"RECORD", "BATCH.POSITION, as record list prints it"}},
       .examples = {"regesta record show 412.17"},
       .run = show},
      {.path = "record verify",
       .summary = "compare stored records with what was sealed into the ledger",
       .operands = {{"BATCH", "only this batch", false}},
       .examples = {"regesta record verify", "regesta record verify 412"},
       .run = verify,
       .more = "Exit code 5 if a record differs. `regesta ledger verify` compares the digests of the batches with the "
               "ledger itself."},
      {.path = "record erase",
       .summary = "destroy the key to all records about a person",
       .operands = {{"SUBJECT", "as the records name the person"}},
       .options = {yesOption},
       .examples = {"regesta record erase customer-4711"},
       .run = erase,
       .more = "The ledger still verifies. Refused while a legal hold covers a version that one of the records cites."},
      {.path = "record expire",
       .summary = "delete batches of records that are older than an age",
       .options = {{"older-than", "AGE", "90d, 12h, 30m", 0, true}, yesOption},
       .examples = {"regesta record expire --older-than 365d"},
       .run = expire},
  };
}

}  // namespace regesta::cli
