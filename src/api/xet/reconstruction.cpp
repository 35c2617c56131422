#include "api/xet/reconstruction.h"

#include <map>
#include <set>

#include "api/xet/byte_range.h"
#include "api/xet/data_url.h"
#include "base/encoding.h"
#include "base/limits_content.h"
#include "blob/chunk_runs.h"

namespace regesta::api::xet {
namespace {

using http::Exchange;

/// Chunks of a pack and the bytes of their records.
struct Fetch {
  std::uint32_t first = 0, after = 0;
  ByteRange bytes;
};
struct PackFetches {
  std::string url;
  std::vector<Fetch> fetches;
};

void writeRange(JsonWriter& writer, std::string_view key, std::uint64_t start, std::uint64_t end) {
  writer.key(key).object();
  writer.key("start").number(static_cast<std::int64_t>(start)).key("end").number(static_cast<std::int64_t>(end)).end();
}

/// Those of one pack, sorted, each chunk once.
std::vector<Fetch> joinedFetches(std::vector<Fetch> fetches) {
  std::ranges::sort(fetches, {}, &Fetch::first);
  std::vector<Fetch> whole;
  for (const Fetch& fetch : fetches) {
    if (whole.empty() || fetch.first > whole.back().after) {
      whole.push_back(fetch);
    } else if (fetch.after > whole.back().after) {
      whole.back().after = fetch.after;
      whole.back().bytes.last = fetch.bytes.last;
    }
  }
  return whole;
}

/// Collects the terms of files and what to fetch for them.
class Terms {
 public:
  /// `terms` receives the file's terms as JSON. Returns where `from` is in the first of them.
  std::uint64_t add(const Call& call, const http::Request& request, const blob::IndexedObject& object,
                    const ByteRange& range, JsonWriter& terms) {
    DataUrls urls(call, request, object);
    std::uint64_t offset = 0;
    bool first = true;
    blob::ObjectChunks chunks(call.packs(), object);
    chunks.visitBytes(range.first, range.last + 1, [&](const blob::ChunkRun& run, std::uint64_t start) {
      if (++count_ > limits::xetTerms)
        throw error(Code::tooLarge, "the reconstruction has more than {} terms: request it in ranges",
                    limits::xetTerms);
      if (first) offset = range.first - start;
      first = false;
      const std::string hash = blob::xet::text(run.pack->footer().root);
      terms.object().key("hash").text(hash).key("unpacked_length").number(static_cast<std::int64_t>(run.length()));
      writeRange(terms, "range", run.first, run.first + run.count);
      terms.end();
      // Two packs may have the same chunks in differently packed records.
      PackFetches& pack = packs_[hash][{run.pack->row().name, object.digest}];
      if (pack.url.empty()) pack.url = urls.of(run.pack->row().name);
      pack.fetches.push_back({run.first, run.first + run.count, {run.recordsStart(), run.recordsEnd() - 1}});
    });
    return offset;
  }

  void writeV1(JsonWriter& writer) {
    writer.key("fetch_info").object();
    for (auto& [hash, packs] : packs_) {
      writer.key(hash).array();
      for (auto& [source, pack] : packs)
        for (const Fetch& fetch : joinedFetches(std::move(pack.fetches))) {
          writer.object().key("url").text(pack.url);
          writeRange(writer, "range", fetch.first, fetch.after);
          writeRange(writer, "url_range", fetch.bytes.first, fetch.bytes.last);
          writer.end();
        }
      writer.end();
    }
    writer.end();
  }

  void writeV2(JsonWriter& writer) {
    writer.key("xorbs").object();
    for (auto& [hash, packs] : packs_) {
      writer.key(hash).array();
      for (auto& [source, pack] : packs) {
        writer.object().key("url").text(pack.url).key("ranges").array();
        for (const Fetch& fetch : joinedFetches(std::move(pack.fetches))) {
          writer.object();
          writeRange(writer, "chunks", fetch.first, fetch.after);
          writeRange(writer, "bytes", fetch.bytes.first, fetch.bytes.last);
          writer.end();
        }
        writer.end().end();
      }
      writer.end();
    }
    writer.end();
  }

 private:
  /// By xorb hash, then by the pack and the file that its URL is for.
  std::map<std::string, std::map<std::pair<blob::PackName, std::string>, PackFetches>> packs_;
  std::size_t count_ = 0;
};

http::Response answer(const Call& call, const http::Request& request, void (Terms::*write)(JsonWriter&)) {
  blob::IndexedObject object = call.readableFile(hashOf(request));
  auto range = rangeOfFile(request.headers.get("Range"), object.size);
  if (!range) return jsonAnswer(R"({"error":"the range begins after the end of the file"})", 416);
  std::string body;
  JsonWriter writer(body);
  Terms terms;
  writer.object().key("terms").array();
  std::uint64_t offset = terms.add(call, request, object, *range, writer);
  writer.end().key("offset_into_first_range").number(static_cast<std::int64_t>(offset));
  (terms.*write)(writer);
  writer.end();
  return jsonAnswer(std::move(body));
}

http::Response answerAll(const Call& call, const http::Request& request, const std::set<std::string>& hashes) {
  if (hashes.size() > limits::xetFiles)
    throw error(Code::tooLarge, "one query names at most {} files", limits::xetFiles);
  std::string body;
  JsonWriter writer(body);
  Terms terms;
  writer.object().key("files").object();
  for (const std::string& hash : hashes) {
    if (!isLowerHex(hash, 64)) throw Invalid("file_id", "must be 64 lower-case hexadecimal digits");
    try {
      blob::IndexedObject object = call.readableFile(hash);
      writer.key(hash).array();
      if (object.size > 0) terms.add(call, request, object, {0, object.size - 1}, writer);
      writer.end();
    } catch (const Error& failure) {
      if (failure.code != Code::notFound) throw;
    }
  }
  writer.end();
  terms.writeV1(writer);
  writer.end();
  return jsonAnswer(std::move(body));
}

}  // namespace

http::Response reconstruction(const Call& call, const http::Request& request) {
  return answer(call, request, &Terms::writeV1);
}

http::Response reconstructionV2(const Call& call, const http::Request& request) {
  return answer(call, request, &Terms::writeV2);
}

http::Response reconstructions(const Call& call, const http::Request& request) {
  std::set<std::string> hashes;
  for (const auto& [name, value] : http::parseQuery(request.query))
    if (name == "file_id") hashes.insert(value);
  return answerAll(call, request, hashes);
}

Task postReconstructions(Exchange& exchange, Core& core) {
  Call call = callOf(core, exchange);
  Collected collected = co_await collect(exchange);
  http::Response response = co_await exchange.waiting([&] {
    json::value body = parseJson(collected.text);
    if (!body.is_array()) throw Error(Code::invalid, "the request body must be a list of {\"prefix\", \"hash\"}");
    std::set<std::string> hashes;
    for (const json::value& each : body.get_array())
      hashes.insert(each.is_object() ? memberText(each.get_object(), "hash") : std::string());
    return answerAll(call, exchange.request(), hashes);
  });
  co_await exchange.respond(std::move(response));
}

}  // namespace regesta::api::xet
