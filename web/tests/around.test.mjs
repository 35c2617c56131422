// What is around the screens: a page over plain HTTP, the commands that a page teaches, and a server that is away.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { eventually } from './eventually.mjs';
import { people, Stage } from './stage.mjs';

let stage;
before(async () => {
  stage = await new Stage().open();
  await stage.fill();
});
after(() => stage.close());

test('over plain HTTP under another name: a page to sign in with, a copy that copies, and a check that says what it needs', async () => {
  const { port } = new URL(stage.url);
  const folder = mkdtempSync(join(tmpdir(), 'regesta-http-'));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--host-resolver-rules=MAP regesta.internal 127.0.0.1'],
  });
  try {
    const page = await browser.newPage({ baseURL: `http://regesta.internal:${port}` });
    const faults = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto('/prompts/loan-summary');
    assert.equal(await page.evaluate(() => isSecureContext), false);
    await page.getByLabel('Name').fill('anna');
    await page.getByLabel('Password').fill(people.anna);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: /Copied|Select the text/ }).waitFor();
    await page.goto('/ledger?entry=1');
    await page.getByText('Verification needs HTTPS or localhost.').waitFor();
    await eventually(async () => assert.ok(await page.getByRole('button', { name: 'Verify entry 1' }).isDisabled()));
    assert.equal(await page.getByTestId('verification').count(), 0);
    const answer = await fetch(`${stage.url}/api/v1/users/me`, { headers: { 'X-Requested-With': 'fetch' } });
    assert.match(answer.headers.get('www-authenticate'), /^Session/, 'the browser would open its own window');
    assert.deepEqual(faults, []);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what an empty page teaches can be run', async () => {
  const fresh = await new Stage().open({ users: false });
  const folder = mkdtempSync(join(tmpdir(), 'regesta-taught-'));
  try {
    const page = await fresh.page();
    for (const address of ['/', '/prompts', '/datasets', '/artifacts', '/policies']) {
      await page.goto(address);
      const taught = await page.locator('.empty pre').first().textContent();
      execFileSync('bash', ['-euc', taught], {
        cwd: folder,
        env: {
          ...process.env,
          PATH: `${join(process.env.REGESTA_BINARY, '..')}:${process.env.PATH}`,
          REGESTA_URL: fresh.url,
          HOME: folder,
        },
        stdio: 'pipe',
      });
      if (address === '/') {
        await page.getByRole('row', { name: /greeting/ }).waitFor();
        await fresh.call(undefined, 'DELETE', '/api/v1/assets/prompt/greeting/aliases/production');
        await fresh.call(undefined, 'DELETE', '/api/v1/assets/prompt/greeting');
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await fresh.close();
  }
});

// Last: it takes the server away.
test('after an outage, screens that were never visited come by themselves', async () => {
  const page = await stage.page('anna');
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await stage.stop();
  await page.getByText('Connection lost. Reconnecting…').first().waitFor();
  await page.getByRole('link', { name: 'Ledger', exact: true }).click();
  await page.waitForTimeout(800);
  await stage.start(new URL(stage.url).host);
  await page.locator('section[aria-labelledby="entries"] tbody tr').first().waitFor();
  await page.getByText('Connection lost').waitFor({ state: 'detached' });
  await eventually(async () => assert.equal(await page.getByRole('alert').count(), 0));
});
