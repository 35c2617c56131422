// The files of a version: a tree, previews by type, what changed since another version, and archives.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { people, Stage } from './stage.mjs';

const keep = process.env.REGESTA_SCREENSHOTS;
if (keep) mkdirSync(keep, { recursive: true });

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
function safetensors() {
  const header = Buffer.from(
    JSON.stringify({
      __metadata__: { format: 'pt' },
      'encoder.weight': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(24)]);
}
function gguf() {
  const long = (n) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(n));
    return bytes;
  };
  const word = (text) => Buffer.concat([long(text.length), Buffer.from(text)]);
  const type = (n) => Buffer.from([n, 0, 0, 0]);
  return Buffer.concat([
    Buffer.from('GGUF'),
    type(3),
    long(7),
    long(2),
    word('general.architecture'),
    type(8),
    word('llama'),
    word('llama.context_length'),
    type(4),
    Buffer.from([0, 16, 0, 0]),
  ]);
}
const first = {
  'model/weights.safetensors': safetensors(),
  'model/small.gguf': gguf(),
  'data/rows.csv': Buffer.from('id,"name, full"\n1,"O""Neil"\n2,plain\n'),
  'data/snappy.parquet': readFileSync(new URL('files/snappy.parquet', import.meta.url)),
  'data/zstd.parquet': readFileSync(new URL('files/zstd.parquet', import.meta.url)),
  'data/broken.parquet': Buffer.from('PAR1 this is not a Parquet file PAR1'),
  'picture.png': pixel,
  'config.json': Buffer.from('{"depth":3}'),
  'noise.bin': Buffer.from([0, 1, 2, 255]),
  'page.html': Buffer.from('<script>window.stolen = 1</script>'),
};
const second = { ...first, 'config.json': Buffer.from('{"depth":4}'), 'new.txt': Buffer.from('new\n') };
delete second['picture.png'];

let stage;
before(async () => {
  stage = await new Stage().open();
  const authorization = { Authorization: `Basic ${Buffer.from(`anna:${people.anna}`).toString('base64')}` };
  await stage.call('anna', 'POST', '/api/v1/assets', { kind: 'artifact', name: 'tree' });
  for (const content of [first, second]) {
    const files = [];
    for (const [path, body] of Object.entries(content)) {
      const answer = await fetch(`${stage.url}/api/v1/blobs`, { method: 'PUT', body, headers: authorization });
      files.push({ path, digest: (await answer.json()).digest });
    }
    await stage.call('anna', 'POST', '/api/v1/assets/artifact/tree/versions', { files });
  }
});
after(() => stage.close());

async function open(query) {
  const page = await stage.page('anna');
  await page.goto(`/artifacts/tree?${query}`);
  await page.getByRole('heading', { name: 'Files' }).waitFor();
  return page;
}

test('files stand in their folders, which open and close', async () => {
  const page = await open('version=1');
  const rows = () => page.locator('tbody tr td.name').allInnerTexts();
  assert.deepEqual(
    (await rows()).map((text) => text.replace(/\s+/g, ' ').trim()),
    [
      '▾ data/',
      'broken.parquet',
      'rows.csv',
      'snappy.parquet',
      'zstd.parquet',
      '▾ model/',
      'small.gguf',
      'weights.safetensors',
      'config.json',
      'noise.bin',
      'page.html',
      'picture.png',
    ],
  );
  const model = page.getByRole('button', { name: 'model/' });
  assert.equal(await model.getAttribute('aria-expanded'), 'true');
  await model.click();
  assert.equal(await model.getAttribute('aria-expanded'), 'false');
  assert.ok(!(await rows()).some((text) => text.includes('small.gguf')));
  assert.deepEqual(page.faults, []);
});

const previews = [
  ['data/rows.csv', ['name, full', 'O"Neil']],
  ['config.json', ['"depth": 3']],
  ['model/weights.safetensors', ['encoder.weight', 'F32', '2 × 3', 'pt']],
  ['model/small.gguf', ['general.architecture', 'llama', '4096']],
  ['data/snappy.parquet', ['score', "O'Neil", '0.25', '2026-12-01', '["a","b"]']],
  ['data/zstd.parquet', ['score', "O'Neil", '0.25']],
  ['data/broken.parquet', ['The preview could not be loaded']],
  ['noise.bin', ['no preview for files of this type']],
  ['page.html', ['<script>window.stolen = 1</script>']],
];
for (const [path, words] of previews)
  test(`a preview of ${path}`, async () => {
    const page = await open('version=1');
    await page.getByRole('link', { name: path.slice(path.lastIndexOf('/') + 1) }).click();
    const preview = page.getByRole('region', { name: `Preview of ${path}` });
    for (const word of words) await preview.getByText(word).first().waitFor();
    assert.match(page.url(), new RegExp(`file=${encodeURIComponent(path)}`));
    assert.equal(await page.evaluate(() => window.stolen), undefined);
    assert.deepEqual(page.faults, []);
  });

test('a picture is shown, at an address to send on, and closed', async () => {
  const page = await open('version=1&file=picture.png');
  const picture = page.getByRole('img', { name: 'picture.png' });
  await picture.waitFor();
  assert.equal(await picture.evaluate((it) => it.decode().then(() => it.naturalWidth)), 1);
  await page.getByRole('button', { name: 'Close preview' }).click();
  await picture.waitFor({ state: 'detached' });
  assert.deepEqual(page.faults, []);
});

test('what changed since another version, without a finding of axe in both themes and widths', async () => {
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ]) {
    const page = await stage.page('anna', { colorScheme, viewport: { width, height: 900 } });
    await page.goto('/artifacts/tree?version=2&with=1&file=config.json');
    await page.getByText('1 added, 1 removed, 1 changed, 8 unchanged').waitFor();
    await page.getByText('"depth": 4').waitFor();
    const rows = await page.locator('tr.added, tr.removed, tr.changed').allInnerTexts();
    assert.deepEqual(
      rows.map((row) => row.split('\t').slice(0, 2).join(' ').trim()),
      ['~ changed config.json', '+ added new.txt', '− removed picture.png'],
    );
    assert.deepEqual(await violations(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    if (keep) await page.screenshot({ path: join(keep, `files-${colorScheme}-${width}.png`), fullPage: true });
    assert.deepEqual(page.faults, []);
  }
});

test('all files are downloaded as one archive', async () => {
  const page = await open('version=1');
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'zip' }).click();
  assert.equal((await waiting).suggestedFilename(), 'tree-1.zip');
});
