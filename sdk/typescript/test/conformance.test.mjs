/** tests/sdk/conformance.json, which every client library passes, in TypeScript. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as regesta from '../dist/index.js';
import { promptsOf } from '../dist/feed.js';
import { settingsOf } from '../dist/settings.js';
import { Server } from './server.mjs';

const { cases } = JSON.parse(readFileSync(new URL('../../../tests/sdk/conformance.json', import.meta.url), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'regesta-conformance-'));
let server, client;

before(async () => {
  server = await new Server().start();
  client = new regesta.Client({ url: server.url, timeout: 60, freshFor: 0, refreshWithin: 0, follow: false });
});
after(async () => {
  await client.close();
  await server.remove();
});

const pick = (from, ...names) =>
  Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]));

class Case {
  saved = {};

  /** `$name.member` is what a step saved. */
  found(value) {
    const named = typeof value === 'string' ? /^\$(\w+)\.(\w+)$/.exec(value) : null;
    return named ? this.saved[named[1]][named[2]] : value;
  }

  prompt(step) {
    return client.prompt(step.name, pick(step, 'alias', 'key', 'context'));
  }

  async used(step) {
    return 'version' in step ? step.prompt : client.prompt(step.prompt);
  }

  async do(step) {
    const moved = (move) => ({
      subject: move.subject,
      outcome: move.outcome,
      from: move.fromVersion,
      to: move.toVersion,
      decision: move.decision,
    });
    switch (step.do) {
      case 'http':
        return server.api(step.method, step.path, step.body);
      case 'prompt': {
        const found = await this.prompt(step);
        return {
          ...pick(found, 'name', 'version', 'semver', 'type', 'variant', 'why', 'stale'),
          text: found.text,
          messages: found.messages,
          model_config: found.modelConfig,
        };
      }
      case 'render': {
        const found = await this.prompt(step);
        return step.messages ? found.renderMessages(step.variables) : found.render(step.variables);
      }
      case 'render_here':
        return (await this.prompt(step)).renderHere(step.variables, false) ?? null;
      case 'same': {
        const served = async () =>
          Promise.all(step.keys.map(async (key) => (await client.prompt(step.name, { key })).version));
        const first = await served();
        assert.deepEqual(first, await served());
        return [...new Set(first)].sort();
      }
      case 'report':
        return client.report(
          await this.used(step),
          step.metric,
          step.value,
          pick(step, 'version', 'unit', 'key', 'at'),
        );
      case 'score':
        return client.score(await this.used(step), step.metric, step.value, pick(step, 'version', 'unit', 'key', 'at'));
      case 'flush':
        return client.flush(60);
      case 'quality':
        return (await client.quality(step.prompt)).sort((a, b) => (a.metric < b.metric ? -1 : 1));
      case 'report_all':
        return client.reportAll(step.prompt, step.reports);
      case 'record': {
        const used = step.used.includes('/') ? step.used : await client.prompt(step.used);
        return client.record(used, step.output, {
          ...pick(step, 'inputs', 'subject', 'caller'),
          idempotencyKey: step.idempotency_key,
        });
      }
      case 'record_all':
        return client.recordAll(step.records);
      case 'promote':
        return moved(
          await client.promote(step.reference, {
            ...pick(step, 'to', 'reason'),
            ...('with_expect' in step && { expect: step.with_expect }),
          }),
        );
      case 'rollback':
        return moved(await client.rollback(step.asset));
      case 'check': {
        const check = await client.check(step.reference, pick(step, 'to'));
        return {
          passes: check.passes,
          outcome: check.outcome,
          missing: check.missing.map((one) => one.code),
          text: String(check),
        };
      }
      case 'decision':
        return client.decision(this.found(step.digest));
      case 'prompts_of':
        return [...promptsOf(step.subject)].sort();
      case 'settings': {
        const file = join(folder, 'settings.toml');
        writeFileSync(file, step.text);
        const found = settingsOf({ config: file });
        return { url: found.url, workspace: found.workspace, prompts: Object.fromEntries(found.prompts) };
      }
      default:
        throw new Error(`unknown step ${step.do}`);
    }
  }

  compare(expected, got, where) {
    if (Array.isArray(expected)) {
      assert.equal(got.length, expected.length, where);
      expected.forEach((one, n) => this.compare(one, got[n], `${where}[${n}]`));
    } else if (expected !== null && typeof expected === 'object') {
      for (const [name, value] of Object.entries(expected)) this.compare(value, got[name], `${where}.${name}`);
    } else {
      assert.equal(got, this.found(expected), where);
    }
  }

  async fails(fault, step) {
    const kind = fault.kind === 'usage' ? TypeError : regesta[fault.kind];
    const error = await this.do(step).then(
      () => assert.fail('it did not fail'),
      (thrown) => thrown,
    );
    assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
    assert.ok(error.message.includes(fault.message ?? ''), error.message);
    for (const name of ['status', 'code', 'outcome']) if (name in fault) assert.equal(error[name], fault[name], name);
    for (const name of ['violations', 'requirements'])
      if (name in fault)
        assert.deepEqual(
          error[name].map((one) => one.code),
          fault[name],
        );
    if ('change_request' in fault) {
      assert.equal(error.changeRequest !== undefined, fault.change_request);
      assert.equal(error.changeRequestUrl !== '', fault.change_request);
    }
  }
}

for (const { name, steps } of cases)
  test(name, async () => {
    const run = new Case();
    for (const [n, step] of steps.entries()) {
      if (step.fails) {
        await run.fails(step.fails, step);
        continue;
      }
      const got = await run.do(step);
      if ('expect' in step) run.compare(step.expect, got, `step ${n} (${step.do})`);
      if (step.save) run.saved[step.save] = got;
    }
  });
