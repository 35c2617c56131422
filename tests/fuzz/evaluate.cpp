// Two table files from anybody (split at the first NUL byte): numbers within their bounds, or an Error that says why.
// rooms: governance
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "evaluation/data_table.h"
#include "evaluation/evaluate.h"

using namespace regesta;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void requireShare(const json::object& numbers, std::string_view name) {
  const json::value* value = numbers.if_contains(name);
  if (!value || value->is_null()) return;
  double share = value->to_number<double>();
  require(share >= 0 && share <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::size_t middle = std::min(bytes.find('\0'), bytes.size());
  std::string_view dataset = bytes.substr(0, middle), predictions = bytes.substr(std::min(middle + 1, bytes.size()));
  for (bool joined : {false, true}) {
    try {
      evaluation::Columns columns{.label = "y", .prediction = "p", .score = joined ? "s" : "", .groups = {"g"}};
      if (joined) columns.join = "id";
      evaluation::Evaluation got = evaluation::evaluate(dataset, predictions, columns);
      for (std::string_view name : {"accuracy", "precision", "recall", "f1", "auc", "selection_rate"})
        requireShare(got.metrics, name);
      for (const auto& column : got.fairness) requireShare(column.value().as_object(), "demographic_parity_ratio");
      canonicalJson(got.metrics);
      canonicalJson(got.fairness);
    } catch (const Error& error) {
      require(!error.message.empty());
    }
  }
  return 0;
}
