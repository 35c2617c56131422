// What storing content costs without a disk, for blob_bench.py.
//   blob_hash speed FILE    bytes per second of chunking + BLAKE3 on one thread and SHA-256 on another, in memory
//   blob_hash chunks FILE…  bytes of all chunks, and of those that differ
//   blob_hash xet FILE…     the Xet hash of each file
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>

#include "blob/side_thread.h"
#include "blob/xet.h"
#include "crypto/hash.h"

using namespace regesta;

namespace {

constexpr std::size_t pieceBytes = 1024 * 1024;

std::string contentOf(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class Visit>
void cut(std::string_view bytes, blob::xet::Chunker& chunker, std::string& open, Visit visit) {
  while (!bytes.empty()) {
    auto [taken, ends] = chunker.next(bytes);
    open += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (!ends) continue;
    visit(open);
    open.clear();
  }
}

int speed(const char* path) {
  std::string content = contentOf(path), open;
  auto began = std::chrono::steady_clock::now();
  blob::SideThread side;
  blob::xet::Chunker chunker;
  blob::xet::Tree tree;
  crypto::Sha256 sha;
  auto add = [&](std::string_view chunk) { tree.add(blob::xet::chunkHash(chunk), chunk.size()); };
  for (std::size_t at = 0; at < content.size(); at += pieceBytes) {
    std::string_view piece = std::string_view(content).substr(at, pieceBytes);
    side.both([&] { sha.update(piece); }, [&] { cut(piece, chunker, open, add); });
  }
  if (!open.empty()) add(open);
  sha.finish();
  tree.hashes();
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%.0f\n", static_cast<double>(content.size()) / took.count());
  return 0;
}

int chunks(int count, char** paths) {
  std::set<blob::xet::Hash> seen;
  std::uint64_t all = 0, different = 0;
  auto add = [&](std::string_view chunk) {
    all += chunk.size();
    if (seen.insert(blob::xet::chunkHash(chunk)).second) different += chunk.size();
  };
  for (int i = 0; i < count; ++i) {
    std::string content = contentOf(paths[i]), open;
    blob::xet::Chunker chunker;
    cut(content, chunker, open, add);
    if (!open.empty()) add(open);
  }
  std::printf("%llu %llu\n", static_cast<unsigned long long>(all), static_cast<unsigned long long>(different));
  return 0;
}

int hashes(int count, char** paths) {
  for (int i = 0; i < count; ++i) {
    std::string content = contentOf(paths[i]), open;
    blob::xet::Chunker chunker;
    blob::xet::Tree tree;
    auto add = [&](std::string_view chunk) { tree.add(blob::xet::chunkHash(chunk), chunk.size()); };
    cut(content, chunker, open, add);
    if (!open.empty()) add(open);
    std::printf("%s\n", blob::xet::text(tree.hashes().file).c_str());
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  std::string_view what = count > 2 ? words[1] : "";
  if (what == "speed") return speed(words[2]);
  if (what == "chunks") return chunks(count - 2, words + 2);
  if (what == "xet") return hashes(count - 2, words + 2);
  return 2;
}
