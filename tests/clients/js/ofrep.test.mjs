// @openfeature/server-sdk with the OFREP provider: one evaluation a call.
import assert from 'node:assert/strict';
import test from 'node:test';
import { OpenFeature } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { fresh, register, url } from './server.mjs';

await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: url }));
const client = OpenFeature.getClient();

test('an object flag is the prompt, a text flag its version', async () => {
  const name = fresh();
  await register(name, 'hi {{x}}', 'production', { model_config: { model: 'm' } });
  const found = await client.getObjectDetails(name, {}, { targetingKey: 'user-1' });
  assert.equal(found.value.template, 'hi {{x}}');
  assert.deepEqual([found.reason, found.variant, found.flagMetadata.version], ['STATIC', 'stable', 1]);
  assert.equal(await client.getStringValue(`${name}.version`, '0', { targetingKey: 'user-1' }), '1');
  assert.equal((await client.getObjectValue(name, {})).version, 1);
});

test('folders and other aliases', async () => {
  const name = `team/${fresh()}`;
  await register(name, 'staged', 'staging');
  assert.equal((await client.getObjectValue(`${name}@staging`, {})).template, 'staged');
});

test('errors', async () => {
  const missing = await client.getObjectDetails(fresh(), { none: true });
  assert.deepEqual([missing.value, missing.errorCode], [{ none: true }, 'FLAG_NOT_FOUND']);
  const name = fresh();
  await register(name, 'x');
  assert.equal((await client.getBooleanDetails(name, false)).errorCode, 'TYPE_MISMATCH');
});

test.after(() => OpenFeature.close());
