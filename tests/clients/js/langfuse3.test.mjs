// langfuse 3.39: the last SDK before OpenTelemetry. It sends everything except prompts to one ingestion route.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Langfuse } from 'langfuse';
import { call, fresh, until, url } from './server.mjs';

const langfuse = new Langfuse({ publicKey: 'pk-lf-js3', secretKey: 'sk-lf-js3', baseUrl: url, flushAt: 5 });

test('prompts', async () => {
  const name = `old/${fresh()}`;
  await langfuse.createPrompt({ name, prompt: 'hi {{x}}', labels: ['production'] });
  const got = await langfuse.getPrompt(name, undefined, { cacheTtlSeconds: 0 });
  assert.deepEqual([got.version, got.compile({ x: 'b' })], [1, 'hi b']);
  await langfuse.updatePrompt({ name, version: 1, newLabels: ['staging'] });
  const staged = await langfuse.getPrompt(name, undefined, { label: 'staging', cacheTtlSeconds: 0 });
  assert.equal(staged.version, 1);
});

test('a traced generation and its scores', async () => {
  const name = fresh();
  await langfuse.createPrompt({ name, prompt: 'hi {{x}}', labels: ['production'] });
  const prompt = await langfuse.getPrompt(name, undefined, { cacheTtlSeconds: 0 });
  const trace = langfuse.trace({ name: 'chat', userId: 'u1' });
  const generation = trace.generation({ name: 'answer', model: 'm', prompt, input: 'q' });
  generation.end({ output: 'a' });
  trace.score({ name: 'helpful', value: 0.5 });
  generation.score({ name: 'polite', value: 1, dataType: 'BOOLEAN' });
  await langfuse.flushAsync();
  const found = await until(async () => {
    const page = await call('GET', `/api/public/v2/scores?traceId=${trace.id}`);
    return page.data.length === 2 && page.data;
  });
  assert.deepEqual(found.map((s) => [s.name, s.value]).sort(), [
    ['helpful', 0.5],
    ['polite', 1],
  ]);
  // The SDK sends batches side by side, so a score may be there before its generation.
  const quality = await until(async () => {
    const { items } = await call('GET', `/api/v1/prompts/${name}/quality`);
    return items.length === 2 && items;
  });
  assert.deepEqual(quality.map((i) => [i.version, i.metric, i.mean]).sort(), [
    [1, 'helpful', 0.5],
    [1, 'polite', 1],
  ]);
});

test.after(() => langfuse.shutdownAsync());
