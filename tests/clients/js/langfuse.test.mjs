// @langfuse/client 5: prompts and scores.
import assert from 'node:assert/strict';
import test from 'node:test';
import { LangfuseClient } from '@langfuse/client';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { startObservation } from '@langfuse/tracing';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { call, fresh, register, until, url } from './server.mjs';

const langfuse = new LangfuseClient({ publicKey: 'pk-lf-js', secretKey: 'sk-lf-js', baseUrl: url });
const noCache = { cacheTtlSeconds: 0, maxRetries: 0 };

test('a text prompt: create, get, compile, labels', async () => {
  const name = fresh();
  const made = await langfuse.prompt.create({
    name,
    prompt: 'hi {{x}}{{#more}}, {{more}}{{/more}}',
    labels: ['production'],
    tags: ['t'],
    config: { model: 'm' },
    commitMessage: 'first',
  });
  assert.equal(made.version, 1);
  const got = await langfuse.prompt.get(name, noCache);
  assert.equal(got.compile({ x: 'b', more: 'you' }), 'hi b, you');
  assert.deepEqual([got.config, got.tags, got.commitMessage], [{ model: 'm' }, ['t'], 'first']);
  assert.deepEqual([...got.labels].sort(), ['latest', 'production']);
  assert.equal(got.promptResponse.semver, '1.0.0');
  await langfuse.prompt.create({ name, prompt: 'hello {{x}}' });
  const moved = await langfuse.prompt.update({ name, version: 2, newLabels: ['production'] });
  assert.ok(moved.labels.includes('production'));
  assert.equal((await langfuse.prompt.get(name, noCache)).version, 2);
  assert.equal(
    (await langfuse.prompt.get(name, { ...noCache, version: 1 })).prompt,
    'hi {{x}}{{#more}}, {{more}}{{/more}}',
  );
  await langfuse.prompt.delete(name);
  await assert.rejects(langfuse.prompt.get(name, noCache));
});

test('a chat prompt with a placeholder, in a folder', async () => {
  const name = `support/de/${fresh()}`;
  await langfuse.prompt.create({
    name,
    type: 'chat',
    labels: ['production'],
    prompt: [
      { role: 'system', content: 'Help {{who}}' },
      { type: 'placeholder', name: 'history' },
      { role: 'user', content: '{{question}}' },
    ],
  });
  const got = await langfuse.prompt.get(name, { ...noCache, type: 'chat' });
  const compiled = got.compile({ who: 'me', question: 'why' }, { history: [{ role: 'user', content: 'before' }] });
  assert.deepEqual(
    compiled.map((m) => m.content),
    ['Help me', 'before', 'why'],
  );
});

test('what another front wrote', async () => {
  const name = fresh();
  await register(name, 'native {{x}}', 'production', { model_config: { temperature: 0.25 } });
  const got = await langfuse.prompt.get(name, noCache);
  assert.equal(got.compile({ x: 1 }), 'native 1');
  assert.deepEqual(got.config, { temperature: 0.25 });
});

test('no such prompt: the fallback, and the error', async () => {
  const name = fresh();
  const fallback = await langfuse.prompt.get(name, { ...noCache, fallback: 'so long' });
  assert.ok(fallback.isFallback);
  await assert.rejects(
    langfuse.prompt.get(name, noCache),
    (error) => error.statusCode === 404 || /404|not found/i.test(error.message),
  );
});

test('scores go through ingestion and are read back', async () => {
  const name = fresh('score');
  const traceId = 'ab'.repeat(16);
  langfuse.score.create({ name, value: 0.75, traceId, comment: 'good' });
  langfuse.score.create({ name: name + '-b', value: 1, dataType: 'BOOLEAN', traceId });
  langfuse.score.create({ name: name + '-c', value: 'fine', traceId });
  await langfuse.flush();
  const found = await until(async () => {
    const page = await langfuse.api.scores.getMany({ traceId, name, fields: 'details,subject' });
    return page.data.length > 0 && page.data[0];
  });
  assert.deepEqual([found.value, found.comment, found.dataType], [0.75, 'good', 'NUMERIC']);
  const legacy = await until(async () => {
    const page = await call('GET', `/api/public/v2/scores?traceId=${traceId}&name=${name}-c`);
    return page.data.length > 0 && page;
  });
  assert.deepEqual(
    [legacy.data[0].stringValue, legacy.data[0].dataType, legacy.meta.totalItems],
    ['fine', 'CATEGORICAL', 1],
  );
});

test('a score of a traced generation counts for the version that it used', async () => {
  const name = fresh();
  await register(name, 'traced {{x}}');
  const prompt = await langfuse.prompt.get(name, noCache);
  const processor = new LangfuseSpanProcessor({ publicKey: 'pk-lf-js', secretKey: 'sk-lf-js', baseUrl: url });
  const sdk = new NodeSDK({ spanProcessors: [processor] });
  sdk.start();
  const generation = startObservation('answer', { model: 'm', input: 'q', prompt }, { asType: 'generation' });
  generation.update({ output: 'a' }).end();
  langfuse.score.observation(generation, { name: 'helpful', value: 0.5 });
  await processor.forceFlush();
  await langfuse.flush();
  const found = await until(async () => {
    const { items } = await call('GET', `/api/v1/prompts/${name}/quality`);
    return ['helpful', 'latency_ms'].every((metric) => items.some((item) => item.metric === metric)) && items;
  });
  assert.deepEqual(
    found.filter((i) => i.metric === 'helpful').map((i) => [i.version, i.count, i.mean]),
    [[1, 1, 0.5]],
  );
  await sdk.shutdown();
});
