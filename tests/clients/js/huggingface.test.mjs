// @huggingface/hub: repositories, files, commits, branches.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  commit,
  createBranch,
  createRepo,
  deleteFile,
  deleteRepo,
  downloadFile,
  fileDownloadInfo,
  fileExists,
  listCommits,
  listFiles,
  listModels,
  modelInfo,
  uploadFiles,
  whoAmI,
} from '@huggingface/hub';
import { call, fresh, url } from './server.mjs';

const hubUrl = `${url}/hf`;
const all = async (items) => {
  const list = [];
  for await (const item of items) list.push(item);
  return list;
};

async function repository() {
  const name = fresh('js');
  const options = { hubUrl, accessToken: undefined, repo: { type: 'model', name: `default/${name}` } };
  await createRepo({ hubUrl, repo: options.repo });
  return { name, options };
}

test('small and large files go up and come back', async () => {
  const { name, options } = await repository();
  const large = crypto.getRandomValues(new Uint8Array(60_000));
  await uploadFiles({
    ...options,
    useXet: false,
    files: [
      { path: 'notes/a.txt', content: new Blob(['hello']) },
      { path: 'large.bin', content: new Blob([large]) },
    ],
    commitTitle: 'two files',
  });
  const text = await downloadFile({ ...options, path: 'notes/a.txt' });
  assert.equal(await text.text(), 'hello');
  const bytes = await downloadFile({ ...options, path: 'large.bin' });
  assert.deepEqual(new Uint8Array(await bytes.arrayBuffer()), large);
  const files = await all(listFiles({ ...options, recursive: true }));
  assert.deepEqual(
    files.map((file) => [file.type, file.path]),
    [
      ['file', 'large.bin'],
      ['directory', 'notes'],
      ['file', 'notes/a.txt'],
    ],
  );
  const info = await fileDownloadInfo({ ...options, path: 'large.bin' });
  assert.equal(info.size, 60_000);
  const version = await call('GET', `/api/v1/assets/model/${name}/versions/main`);
  assert.equal(version.description, 'two files');
});

test('large files go up and come back with Xet, and what is there is not sent again', async () => {
  const { options } = await repository();
  const sent = [];
  const counted = async (input, init) => {
    const answer = await fetch(input, init);
    if (init?.method === 'POST' || init?.method === 'PUT')
      sent.push({
        path: new URL(input).pathname,
        bytes: init.body?.byteLength ?? init.body?.size ?? 0,
        status: answer.status,
      });
    return answer;
  };
  const first = crypto.getRandomValues(new Uint8Array(65_536)); // what getRandomValues makes at once
  const content = new Uint8Array(40 * first.length);
  for (let at = 0; at < content.length; at += first.length)
    content.set(crypto.getRandomValues(new Uint8Array(first.length)), at);
  const put = (path, bytes) =>
    uploadFiles({ ...options, fetch: counted, files: [{ path, content: new Blob([bytes]) }], commitTitle: path });
  await put('weights.bin', content);
  const xorbs = () => sent.filter((each) => each.path.startsWith('/hf/cas/default/v1/xorbs/'));
  assert.ok(xorbs().length > 0 && xorbs().every((each) => each.status === 200), JSON.stringify(sent));
  assert.ok(
    sent.some((each) => /shards$/.test(each.path)),
    JSON.stringify(sent),
  );
  assert.ok(
    !sent.some((each) => each.path.includes('/info/lfs/objects/') && !each.path.endsWith('batch')),
    JSON.stringify(sent),
  );
  const info = await fileDownloadInfo({ ...options, path: 'weights.bin' });
  assert.ok(info.xet, JSON.stringify(info));
  const read = async (path, more) => {
    const blob = await downloadFile({ ...options, path, ...more });
    return new Uint8Array(await blob.arrayBuffer());
  };
  assert.deepEqual(await read('weights.bin', { xet: true }), content);
  assert.deepEqual(await read('weights.bin', { xet: false }), content);

  const changed = content.slice();
  changed.set(first, 20 * first.length);
  const before = xorbs().reduce((sum, each) => sum + each.bytes, 0);
  await put('changed.bin', changed);
  const more = xorbs().reduce((sum, each) => sum + each.bytes, 0) - before;
  assert.ok(more > 0 && more < content.length / 4, `${more} of ${content.length} bytes were sent`);
  assert.deepEqual(await read('changed.bin'), changed);
  await put('weights-again.bin', content); // an object that is there
  assert.deepEqual(await read('weights-again.bin'), content);
});

test('commits, branches and deletions', async () => {
  const { options } = await repository();
  const put = (content, more) =>
    commit({
      ...options,
      title: `set ${content}`,
      operations: [{ operation: 'addOrUpdate', path: 'a.txt', content: new Blob([content]) }],
      ...more,
    });
  const first = await put('one');
  await createBranch({ ...options, branch: 'dev' });
  await put('two', { branch: 'dev' });
  const read = async (revision) => (await downloadFile({ ...options, path: 'a.txt', revision })).text();
  assert.equal(await read('main'), 'one');
  assert.equal(await read('dev'), 'two');
  assert.equal(await read(first.commit.oid), 'one');
  await assert.rejects(put('late', { parentCommit: '0'.repeat(40) }), /commit again/);
  const commits = await all(listCommits({ ...options, revision: 'dev' }));
  assert.deepEqual(
    commits.map((each) => each.title),
    ['set two', 'set one', 'Initial commit'],
  );
  await deleteFile({ ...options, path: 'a.txt' });
  assert.equal(await fileExists({ ...options, path: 'a.txt' }), false);
});

test('repositories are listed and described', async () => {
  const { name, options } = await repository();
  const info = await modelInfo({ hubUrl, name: `default/${name}`, additionalFields: ['sha', 'author'] });
  assert.deepEqual([info.author, info.sha.length], ['default', 40]);
  const found = await all(listModels({ hubUrl, search: { query: name } }));
  assert.deepEqual(
    found.map((each) => each.name),
    [`default/${name}`],
  );
  await deleteRepo(options);
  await assert.rejects(modelInfo({ hubUrl, name: `default/${name}` }), /no model/);
  const me = await whoAmI({ hubUrl, accessToken: 'hf_none' });
  assert.deepEqual([me.type, me.orgs[0].name], ['user', 'default']);
});
