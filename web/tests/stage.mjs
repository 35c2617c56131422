// A real server on a fresh data directory, people with passwords, a guarded prompt, and a browser.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const people = { anna: 'a long password', rita: 'another password', otto: 'a third password' };

export class Stage {
  async open({ users = true } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'regesta-web-'));
    await this.start('127.0.0.1:0');
    if (users) {
      await this.call(undefined, 'POST', '/api/v1/users', { name: 'anna', password: people.anna, grants: [] });
      const grant = (role) => [{ role, workspace: '*', name_pattern: '*' }];
      await this.call('anna', 'POST', '/api/v1/users', { name: 'rita', password: people.rita, grants: grant('risk') });
      await this.call('anna', 'POST', '/api/v1/users', {
        name: 'otto',
        password: people.otto,
        grants: grant('reader'),
      });
    }
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
    return this;
  }
  async start(listen) {
    this.server = spawn(
      process.env.REGESTA_BINARY,
      ['serve', '--data', join(this.folder, 'data'), '--listen', listen],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, REGESTA_WEBHOOKS_ALLOW: '127.0.0.1' } /* where tests listen */,
      },
    );
    this.url = await new Promise((resolve, reject) => {
      let said = '';
      this.server.stdout.on('data', (bytes) => {
        said += bytes;
        const match = /serves on (\S+)/.exec(said);
        if (match) resolve(match[1]);
      });
      this.server.on('exit', () => reject(new Error(`the server ended: ${said}`)));
    });
  }
  async stop() {
    this.server.kill('SIGTERM');
    await new Promise((resolve) => (this.server.exitCode === null ? this.server.once('exit', resolve) : resolve()));
  }
  async close() {
    await this.browser?.close();
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
  async call(user, method, path, body) {
    const headers = { 'Content-Type': 'application/json' };
    if (user) headers.Authorization = `Basic ${Buffer.from(`${user}:${people[user]}`).toString('base64')}`;
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    const said = text ? JSON.parse(text) : undefined;
    if (said?.error?.code === 'refused') return said.error.detail; // the gate's word: pending, or a no
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return said;
  }
  /** Posts bytes that are no JSON document. */
  async send(user, path, body) {
    const credentials = Buffer.from(`${user}:${people[user]}`).toString('base64');
    const headers = { 'Content-Type': 'application/octet-stream', Authorization: `Basic ${credentials}` };
    const answer = await fetch(this.url + path, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
  /** A page that fails the test on any error in its console. */
  async page(user, options = {}) {
    const context = await this.browser.newContext({ baseURL: this.url, ...options });
    context.setDefaultTimeout(90_000); // what a busy machine may need
    const page = await context.newPage();
    page.faults = [];
    page.on('pageerror', (error) => page.faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of (4\d\d|0)|ERR_|401|403|404/.test(message.text()))
        page.faults.push(message.text());
    });
    if (user) {
      await page.goto('/');
      await page.getByLabel('Name').fill(user);
      await page.getByLabel('Password').fill(people[user]);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'Home' }).waitFor();
    }
    return page;
  }
  /** A prompt whose production alias asks for one approval by risk. */
  async fill() {
    const prompt = (template, description, more = {}) =>
      this.call('anna', 'POST', '/api/v1/prompts/loan-summary/versions', { template, description, ...more });
    await prompt('Summarise the application of {{name}} in three sentences.', 'first wording', {
      model_config: { model: 'gpt-5', temperature: 0.2 },
    });
    await this.call('anna', 'PUT', '/api/v1/assets/prompt/loan-summary/aliases/production', { version: 1 });
    await prompt('Summarise the application of {{name}} in two sentences. Do not mention age.', 'shorter, and fairer', {
      model_config: { model: 'gpt-5', temperature: 0.2 },
    });
    await this.call('anna', 'POST', '/api/v1/assets', {
      kind: 'dataset',
      name: 'holdout',
      description: 'mortgage applications',
    });
    await this.call('anna', 'POST', '/api/v1/policies/two-eyes', {
      modules: [
        {
          name: 'gate.rego',
          text: `package regesta.gate

require contains {"code": "risk", "msg": "a risk officer approves", "remediation": "regesta approve <id> --role risk", "approvals": {"role": "risk", "count": 1, "not_author": true}} if input.candidate
`,
        },
      ],
    });
    await this.call('anna', 'POST', '/api/v1/policies/bindings', {
      kind: 'prompt',
      name_pattern: 'loan-*',
      pointer: 'production',
      policy: 'two-eyes',
    });
    await this.call('anna', 'POST', '/api/2.0/mlflow/experiments/create', { name: 'loans' });
    this.runs = [];
    for (let i = 0; i < 3; ++i) {
      const { run } = await this.call('anna', 'POST', '/api/2.0/mlflow/runs/create', {
        experiment_id: '1',
        run_name: `run-${i}`,
        start_time: Date.now() + i,
        user_id: 'anna',
      });
      await this.call('anna', 'POST', '/api/2.0/mlflow/runs/log-batch', {
        run_id: run.info.run_id,
        params: [{ key: 'depth', value: String(i) }],
        metrics: Array.from({ length: 10 }, (_, step) => ({
          key: 'accuracy',
          value: 0.8 + step / 100 - i / 50,
          timestamp: Date.now(),
          step,
        })),
      });
      this.runs.push(run.info.run_id);
    }
  }
  /** A prompt on its way from version 1 to version 2, in two steps that wait for somebody. */
  async rollOut() {
    for (const template of ['Hello {{name}}', 'Good day, {{name}}'])
      await this.call('anna', 'POST', '/api/v1/prompts/greeting/versions', { template });
    await this.call('anna', 'PUT', '/api/v1/assets/prompt/greeting/aliases/production', { version: 1 });
    this.rollout = await this.call('anna', 'POST', '/api/v1/prompts/greeting/rollouts', {
      version: 2,
      steps: [{ weight: 20 }, { weight: 100 }],
    });
  }
}
