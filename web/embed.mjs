// node embed.mjs DIST OUT FUNCTION: compresses every file of DIST and writes OUT/embedded.S (the bytes) and OUT/embedded.cpp
// (the table, which FUNCTION of src/api/web/files.h returns).
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [dist, out, table] = process.argv.slice(2);
const types = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
};
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(dist, join(entry.parentPath, entry.name)))
  .sort();
mkdirSync(join(out, 'parts'), { recursive: true });

const assembly = ['.section .rodata'];
const externs = [];
let symbols = 0;
function part(bytes) {
  const name = `regesta_${table}_${symbols++}`;
  const path = join(out, 'parts', name);
  writeFileSync(path, bytes);
  assembly.push(`.global ${name}`, `${name}:`, `.incbin "${path}"`);
  externs.push(`extern const char ${name}[];`);
  return `{${name}, ${bytes.length}}`;
}
const rows = files.map((path) => {
  const plain = readFileSync(join(dist, path));
  const gzip = gzipSync(plain, { level: 9 });
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  const smaller = (bytes) => (bytes.length < plain.length ? part(bytes) : '{}');
  const type = types[path.split('.').pop()] ?? 'application/octet-stream';
  const etag = createHash('sha256').update(plain).digest('hex').slice(0, 24);
  return `      {"/${path}", "${type}", "\\"${etag}\\"", ${part(plain)}, ${smaller(gzip)}, ${smaller(brotli)}},`;
});
assembly.push('.section .note.GNU-stack,"",@progbits', '');
writeFileSync(join(out, 'embedded.S'), assembly.join('\n'));
writeFileSync(
  join(out, 'embedded.cpp'),
  `#include "api/web/files.h"

extern "C" {
${externs.join('\n')}
}
namespace regesta::api::web {
std::span<const File> ${table}() {
  static const File all[] = {
${rows.join('\n')}
  };
  return all;
}
}  // namespace regesta::api::web
`,
);
