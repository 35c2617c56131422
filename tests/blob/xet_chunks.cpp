// Prints the chunks of a file and its hashes as the content store computes them; test_xet.py compares them.
#include <cstdio>
#include <fstream>

#include "blob/xet.h"

using namespace regesta::blob;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  std::string piece(std::stoul(argv[2]), '\0'), chunk;
  xet::Chunker chunker;
  xet::Tree tree;
  std::vector<xet::Hash> hashes;
  auto finish = [&] {
    hashes.push_back(xet::chunkHash(chunk));
    tree.add(hashes.back(), chunk.size());
    std::printf("%zu %s\n", chunk.size(), xet::text(hashes.back()).c_str());
    chunk.clear();
  };
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0) {
    std::string_view left(piece.data(), static_cast<std::size_t>(file.gcount()));
    while (!left.empty()) {
      auto [taken, ends] = chunker.next(left);
      chunk += left.substr(0, taken);
      left.remove_prefix(taken);
      if (ends) finish();
    }
  }
  if (!chunk.empty()) finish();
  xet::Tree::Hashes whole = tree.hashes();
  std::printf("xorb %s\nfile %s\n", xet::text(whole.root).c_str(), xet::text(whole.file).c_str());
  if (!hashes.empty()) std::printf("verification %s\n", xet::text(xet::verificationHash(hashes)).c_str());
}
