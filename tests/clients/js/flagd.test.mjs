// @openfeature/flagd-core evaluates the flag file in this process: each key must get what the server would give it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { FlagdCore } from '@openfeature/flagd-core';
import { call, fresh, register, url } from './server.mjs';

async function flagFile(query = '') {
  const core = new FlagdCore();
  core.setConfigurations(await (await fetch(`${url}/flagd/default.json${query}`)).text());
  return core;
}

const resolve = (name, key, context = {}) =>
  call(
    'GET',
    `/api/v1/prompts/${encodeURIComponent(name)}/resolve?alias=production&key=${encodeURIComponent(key)}` +
      `&context=${encodeURIComponent(JSON.stringify(context))}`,
  );

test('without a rollout: the alias, and others by their name', async () => {
  const name = `team/${fresh()}`;
  await register(name, 'one {{x}}');
  await register(name, 'two {{x}}', 'staging');
  const core = await flagFile();
  const found = core.resolveObjectEvaluation(name, {}, {});
  assert.deepEqual([found.value.template, found.variant, found.reason], ['one {{x}}', 'stable', 'STATIC']);
  assert.equal(core.resolveStringEvaluation(`${name}@staging.version`, '0', {}).value, '2');
  const staging = await flagFile('?alias=staging');
  assert.equal(staging.resolveObjectEvaluation(name, {}, {}).value.template, 'two {{x}}');
});

test('a file that has not changed is a 304', async () => {
  const first = await fetch(`${url}/flagd/default.json`);
  const again = await fetch(`${url}/flagd/default.json`, { headers: { 'If-None-Match': first.headers.get('etag') } });
  assert.deepEqual([first.status, again.status, await again.text()], [200, 304, '']);
  assert.equal((await fetch(`${url}/flagd/nowhere.json`)).status, 404);
});

test('a rollout in the file is the rollout on the server', async () => {
  const name = fresh();
  await register(name, 'stable {{x}}');
  const candidate = await register(name, 'candidate {{x}}', null);
  const other = await register(name, 'other {{x}}', null);
  await call('POST', `/api/v1/prompts/${name}/rollouts`, {
    alias: 'production',
    arms: [
      { name: 'candidate', version: candidate, weight: 2 },
      { name: 'other', version: other, weight: 1 },
    ],
    steps: [{ weight: 30 }],
    segments: [
      {
        name: 'staff',
        when: [{ attribute: 'email', operator: 'ends_with', values: ['@example.test'] }],
        serve: 'candidate',
      },
      {
        name: 'adults',
        when: [
          { attribute: 'age', operator: 'ge', values: [18] },
          { attribute: 'country', operator: 'in', values: ['DE', 'AT'] },
        ],
        weight: 50,
      },
      {
        name: 'not here',
        when: [
          { attribute: 'country', operator: 'not_in', values: ['FR', 'DE'] },
          { attribute: 'country', operator: 'exists', values: [] },
        ],
        serve: 'stable',
      },
    ],
  });
  const core = await flagFile();
  const contexts = [
    {},
    { email: 'a@example.test' },
    { email: 5 },
    { age: 18, country: 'DE' },
    { age: '18', country: 'DE' },
    { age: true, country: 'DE' },
    { age: 17, country: 'AT' },
    { country: 'IT' },
    { country: 'FR' },
    { country: null },
  ];
  const seen = new Set();
  for (let i = 0; i < 400; i += 1) {
    const key = i === 0 ? '' : `user-${i}@example.test`;
    // ASCII keys: this package hashes a key's UTF-16 units where flagd's rule (and the server) takes its UTF-8 bytes.
    const context = contexts[i % contexts.length];
    const here = core.resolveObjectEvaluation(name, {}, { ...context, targetingKey: key });
    const there = await resolve(name, key, context);
    assert.deepEqual(
      [here.value.version, here.variant],
      [there.version, there.variant],
      `${key} ${JSON.stringify(context)}`,
    );
    assert.equal(
      core.resolveStringEvaluation(`${name}.version`, '0', { ...context, targetingKey: key }).value,
      String(there.version),
    );
    seen.add(here.variant);
  }
  assert.deepEqual([...seen].sort(), ['candidate', 'other', 'stable']);
});

test('what cannot be said is left out and named', async () => {
  const name = fresh();
  await register(name, 'one {{x}}');
  const version = await register(name, 'two {{x}}', null);
  await call('POST', `/api/v1/prompts/${name}/rollouts`, {
    alias: 'production',
    version,
    steps: [{ weight: 10 }],
    segments: [{ name: 'new', when: [{ attribute: 'app', operator: 'semver', values: ['^2.0.0'] }], serve: 'stable' }],
  });
  const file = await call('GET', '/flagd/default.json');
  assert.ok(!(name in file.flags) && file.metadata.omitted.includes(name));
});
