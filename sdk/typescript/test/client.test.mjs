/** What the client keeps, how it learns of changes, and how it outlives the server. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { Client, NotFound, RegestaError, Unavailable } from '../dist/index.js';
import { eventually, Server } from './server.mjs';

const FOREVER = { freshFor: 3600, refreshWithin: 3600 }; // only the change feed can tell that something changed
const AT_ONCE = { freshFor: 0, refreshWithin: 0, follow: false }; // every call asks the server
let server, name, clients;
let count = 0;
const folder = mkdtempSync(join(tmpdir(), 'regesta-client-'));

function connect(options = {}) {
  const client = new Client({ url: server.url, timeout: 60, ...options });
  clients.push(client);
  return client;
}

before(async () => (server = await new Server().start()));
after(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  clients = [];
  name = `greeting-${++count}`;
  for (const version of [1, 2]) await server.make(name, { template: `Hello {{name}}, ${version}!` });
  await server.point(name, 1);
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
});

/** `work` while the server is away. */
async function outage(work) {
  await server.stop();
  try {
    return await work();
  } finally {
    await server.start();
  }
}

test('the feed brings a change that nobody asks for', async () => {
  const client = connect(FOREVER);
  assert.ok(await client.waitUntilFollowing(60));
  assert.equal((await client.prompt(name)).version, 1);
  await server.point(name, 2);
  await eventually(async () => (await client.prompt(name)).version === 2);
  assert.equal((await client.prompt(name)).stale, false);
});

test('without the feed, an old answer is fetched again in the background', async () => {
  const client = connect({ freshFor: 0.02, follow: false });
  assert.equal((await client.prompt(name)).version, 1);
  await server.point(name, 2);
  await eventually(async () => (await client.prompt(name)).version === 2);
});

test('a prompt is asked for once by callers at the same time', async () => {
  let requests = 0;
  const proxy = createServer(async (request, response) => {
    ++requests;
    const answer = await fetch(server.url + request.url);
    response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(await answer.text());
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const client = connect({ url: `http://127.0.0.1:${proxy.address().port}`, follow: false, freshFor: 60 });
  const found = await Promise.all(Array.from({ length: 50 }, () => client.prompt(name)));
  assert.deepEqual(new Set(found.map((prompt) => prompt.version)), new Set([1]));
  assert.equal(requests, 1);
  await client.close();
  proxy.closeAllConnections();
  proxy.close();
});

test('an outage, and what happened meanwhile', async () => {
  const client = connect({ freshFor: 0.02, refreshWithin: 0 });
  assert.ok(await client.waitUntilFollowing(60));
  assert.equal((await client.prompt(name)).version, 1);
  await outage(async () => {
    await eventually(async () => (await client.prompt(name)).stale);
    assert.equal(await (await client.prompt(name)).render({ name: 'Ada' }), 'Hello Ada, 1!');
    await assert.rejects(
      client.prompt('other'),
      (error) => error instanceof Unavailable && error.message.includes('cannot be reached'),
    );
  });
  await server.point(name, 2);
  await eventually(async () => (await client.prompt(name)).version === 2);
  assert.equal((await client.prompt(name)).stale, false);
  assert.ok(await client.waitUntilFollowing(60));
});

test('an answer that is too old does not take the place of a failing server', async () => {
  const client = connect({ ...AT_ONCE, staleIfError: 0 });
  assert.equal((await client.prompt(name)).version, 1);
  await outage(() => assert.rejects(client.prompt(name), Unavailable));
});

test('a number or SemVer is asked for once', async () => {
  const client = connect(AT_ONCE);
  assert.equal((await client.prompt(name, { alias: '2' })).version, 2);
  await outage(async () => {
    const found = await client.prompt(name, { alias: '2' });
    assert.deepEqual([found.version, found.stale], [2, false]);
  });
});

test('what the server no longer has is not given', async () => {
  const client = connect({ ...AT_ONCE, cacheDir: join(folder, 'gone') });
  assert.equal((await client.prompt(name)).version, 1);
  await server.api('DELETE', `/api/v1/assets/prompt/${name}/aliases/production`);
  await assert.rejects(client.prompt(name), NotFound);
  await outage(() => assert.rejects(client.prompt(name), Unavailable));
});

function files(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

test('a cold start without the server', async () => {
  const cacheDir = join(folder, 'cold');
  const first = connect({ cacheDir });
  await first.prompt(name, { key: 'a' });
  await first.close();
  const [file] = files(cacheDir);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await outage(async () => {
    const second = connect({ cacheDir });
    for (let n = 0; n < 2; ++n) {
      const found = await second.prompt(name, { key: 'a' });
      assert.deepEqual([found.version, found.stale, await found.render({ name: 'Ada' })], [1, true, 'Hello Ada, 1!']);
    }
    await assert.rejects(second.prompt(name, { key: 'b' }), Unavailable);
    // Who may read less must not find it there.
    for (const other of [{ token: 'rgs_another' }, { workspace: 'another' }])
      await assert.rejects(connect({ cacheDir, ...other }).prompt(name, { key: 'a' }), Unavailable);
    await assert.rejects(connect({ cacheDir, staleIfError: 0 }).prompt(name, { key: 'a' }), Unavailable);
    writeFileSync(file, '{');
    const warnings = [];
    await assert.rejects(
      connect({ cacheDir, warn: (text) => warnings.push(text) }).prompt(name, { key: 'a' }),
      Unavailable,
    );
    assert.match(warnings[0], /cannot be read and was deleted/);
    assert.deepEqual(files(cacheDir), []);
  });
});

test('a folder that cannot be used is reported once', async () => {
  const warnings = [];
  writeFileSync(join(folder, 'file'), '');
  const client = connect({ cacheDir: join(folder, 'file', 'below'), warn: (text) => warnings.push(text) });
  assert.equal((await client.prompt(name)).version, 1);
  assert.equal((await client.prompt(name, { key: 'b' })).version, 1);
  assert.equal(warnings.length, 1);
});

test('scores outlive an outage and count once', async () => {
  const client = connect();
  const prompt = await client.prompt(name);
  await outage(async () => {
    for (let n = 0; n < 600; ++n) client.score(prompt, 'm', n % 2);
    assert.equal(await client.flush(0.3), false);
  });
  assert.ok(await client.flush(60));
  const [quality] = await client.quality(name);
  assert.deepEqual([quality.count, quality.mean], [600, 0.5]);
});

test('the oldest answer goes when there are too many', async () => {
  const client = connect({ ...FOREVER, follow: false, maxEntries: 2, cacheDir: join(folder, 'few') });
  for (const key of ['a', 'b', 'c']) await client.prompt(name, { key });
  await client.close();
  assert.equal(files(join(folder, 'few')).length, 2);
});

test('a prompt cannot be changed', async () => {
  const prompt = await connect().prompt(name);
  assert.throws(() => (prompt.version = 2), TypeError);
  prompt.content.template = 'x';
  assert.equal(prompt.text, 'Hello {{name}}, 1!');
});

test('a server that is not Regesta, and one that does not answer', async () => {
  const other = createServer((_, response) => response.end('<html>'));
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  const client = connect({ url: `http://127.0.0.1:${other.address().port}`, follow: false });
  await assert.rejects(
    client.prompt('x'),
    (error) => error instanceof RegestaError && /is this a Regesta server/.test(error.message),
  );
  other.removeAllListeners('request');
  const silent = connect({ url: client.url, follow: false, timeout: 0.2 });
  await assert.rejects(silent.prompt('x'), Unavailable);
  await client.close();
  other.closeAllConnections();
  other.close();
});

test('a closed client says so', async () => {
  const client = connect();
  await client.prompt(name);
  await client.close();
  await client.close();
  await assert.rejects(client.prompt(name), /closed/);
  assert.throws(() => client.score(name, 'm', 1, { version: 1 }), /closed/);
  assert.throws(() => connect().score(name, 'm', 1), /needs the version/);
});

test('a program ends although it follows the feed', async () => {
  const program = join(folder, 'end.mjs');
  const dist = new URL('../dist/index.js', import.meta.url).href;
  writeFileSync(
    program,
    `import { Client } from "${dist}";
     const client = new Client({ url: "${server.url}", timeout: 60 });
     await client.waitUntilFollowing(60);
     console.log((await client.prompt("${name}")).version);`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 60_000 });
  assert.equal(stdout, '1\n');
});
