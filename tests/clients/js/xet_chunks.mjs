// Prints the chunks of each file and its hashes as @huggingface/xetchunk-wasm computes them.
import { fileHash, getChunks, hashToHex, verificationHash, xorbHash } from '@huggingface/xetchunk-wasm';
import { readFileSync } from 'node:fs';

for (const path of process.argv.slice(2)) {
  const chunks = getChunks(readFileSync(path));
  for (const chunk of chunks) console.log(`${chunk.length} ${hashToHex(chunk.hash)}`);
  console.log(
    `xorb ${chunks.length ? hashToHex(xorbHash(chunks)) : '0'.repeat(64)}\nfile ${hashToHex(fileHash(chunks))}`,
  );
  if (chunks.length) console.log(`verification ${hashToHex(verificationHash(chunks.map((chunk) => chunk.hash)))}`);
  console.log();
}
