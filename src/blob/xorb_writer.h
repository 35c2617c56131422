#pragma once
#include "blob/pack_writer.h"

namespace regesta::blob {

/// Takes a xorb as a client serialized it, with or without a footer, and stores its chunks. The xorb's content is a
/// blob like any other, whose chunks are those of the xorb in their order.
class XorbWriter {
 public:
  XorbWriter(Packs& packs, PackBatch& batch) : writer_(packs, batch) {}
  /// Throws Error{invalid} for records that are damaged, too many or too large.
  void write(std::string_view bytes);
  /// Ends the xorb; the hash is computed from its chunks. Throws Error{invalid} when it is empty or truncated.
  xet::Hash finish();
  Stored commit() { return writer_.commit(); }
  std::uint64_t chunks() const { return chunks_; }
  std::uint64_t recordBytes() const { return recordBytes_; }

 private:
  void addRecord(std::string_view record, std::size_t length);

  PackWriter writer_;
  xet::Tree tree_;
  std::string open_;   ///< the beginning of a record whose end has not arrived
  std::string chunk_;  ///< of the present record
  std::uint64_t chunks_ = 0, recordBytes_ = 0;
  bool footer_ = false;  ///< what follows is not needed
};

}  // namespace regesta::blob
