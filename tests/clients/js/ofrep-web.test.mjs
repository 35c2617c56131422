// @openfeature/web-sdk with the OFREP web provider: one bulk evaluation, 304s, and the event stream.
import assert from 'node:assert/strict';
import test from 'node:test';
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { EventStream } from './event_stream.mjs';
import { fresh, register, until, url } from './server.mjs';

globalThis.EventSource = EventStream;

test('flags are evaluated at once and again when the server says so', async () => {
  const name = fresh();
  await register(name, 'first');
  const statuses = [];
  const fetchImplementation = async (request) => {
    const answer = await fetch(request);
    statuses.push(answer.status);
    return answer;
  };
  await OpenFeature.setContext({ targetingKey: 'user-1' });
  const provider = new OFREPWebProvider({ baseUrl: url, fetchImplementation, cacheMode: 'disabled', pollInterval: -1 });
  await OpenFeature.setProviderAndWait(provider);
  const client = OpenFeature.getClient();
  assert.equal(client.getObjectValue(name, {}).template, 'first');
  assert.equal(client.getStringValue(`${name}.version`, '0'), '1');
  assert.equal(client.getObjectDetails(fresh(), { none: 1 }).errorCode, 'FLAG_NOT_FOUND');

  const changed = [];
  OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, (event) => changed.push(...event.flagsChanged));
  await until(() => EventStream.open > 0);
  await register(name, 'second');
  await until(() => client.getObjectValue(name, {}).template === 'second');
  assert.ok(changed.includes(name) && changed.includes(`${name}.version`));

  await OpenFeature.setContext({ targetingKey: 'user-1', plan: 'pro' });
  assert.equal(statuses.at(-1), 304, 'the plan changes nothing');
});

test.after(() => OpenFeature.close());
