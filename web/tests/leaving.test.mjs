// Somebody leaves a screen while parts of it, or of the next one, are on their way: nothing fails, and nothing is asked
// for in the name of a screen that is not there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from './eventually.mjs';
import { fillGoverned } from './governed.mjs';
import { Stage } from './stage.mjs';

let stage, governed;
before(async () => {
  stage = await new Stage().open();
  await stage.fill();
  governed = await fillGoverned(stage);
});
after(() => stage.close());

/** Holds what matches until release() is called. */
async function hold(page, pattern) {
  let release, asked;
  const held = new Promise((ok) => (release = ok)),
    wanted = new Promise((ok) => (asked = ok));
  await page.route(pattern, async (route) => {
    asked();
    await held;
    await route.continue();
  });
  return { release, wanted };
}

test('a screen is left before the renderer of its texts is there', async () => {
  const page = await stage.page('anna');
  const renderer = await hold(page, '**/assets/markdown-*.js');
  await page.getByRole('link', { name: 'Change requests', exact: true }).click();
  await page.getByRole('link', { name: /loan-risk/ }).click();
  await page.getByRole('heading', { level: 1, name: /^loan-risk/ }).waitFor();
  await renderer.wanted;
  await page.getByRole('link', { name: 'Home', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
  const came = page.waitForResponse('**/assets/markdown-*.js');
  renderer.release();
  await (await came).finished();
  await page.waitForTimeout(300);
  assert.deepEqual(page.faults, []);
});

test('without its renderer a text stands as it was written', async () => {
  const page = await stage.page('anna');
  await page.route('**/assets/markdown-*.js', (route) => route.abort());
  await page.goto(`/changes/${governed.request}`);
  await page.getByText('The holdout is **from this year**').waitFor();
  assert.deepEqual(page.faults, []);
});

for (const [from, link, script, heading] of [
  ['/models/loan-risk', 'Settings', 'Settings', 'Settings'],
  ['/prompts/loan-summary', 'Runs', 'Runs', 'Runs'],
  ['/changes/1', 'Policies', 'Assets', 'Policies'],
])
  test(`the screen of ${from} asks for nothing under the address of ${link}`, async () => {
    const page = await stage.page('anna');
    const next = await hold(page, `**/assets/${script}-*.js`);
    await page.goto(from);
    await page.locator('main[aria-busy="false"]').waitFor();
    const wrong = [];
    page.on('response', (answer) => {
      if (answer.status() >= 400) wrong.push(`${answer.status()} ${answer.url()}`);
    });
    await page.getByRole('link', { name: link, exact: true }).click();
    await next.wanted;
    await page.waitForTimeout(300);
    next.release();
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    assert.deepEqual([...wrong, ...page.faults], []);
  });

test('signing out without a server says that nobody was signed out', async () => {
  const page = await stage.page('anna');
  await page.route('**/api/v1/session', (route) => route.abort());
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('alert').filter({ hasText: 'You are still signed in' }).waitFor();
  await page.unroute('**/api/v1/session');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByLabel('Password').waitFor();
  assert.deepEqual(page.faults, []);
});

test('an answer that was refused as outdated cannot be given again before the page shows what changed', async () => {
  const rita = await stage.page('rita');
  await rita.route('**/api/v1/changes*', (route) => route.abort());
  await rita.goto(`/changes/${governed.request}`);
  await rita.getByRole('button', { name: 'Approve' }).waitFor(); // it shows the decision that the evidence outdates
  const path = `/api/v1/change-requests/${governed.request}`;
  const { decision } = await stage.call('rita', 'GET', path);
  await stage.call('anna', 'POST', '/api/v1/evidence', {
    asset: { kind: 'model', name: 'loan-risk', version: 2 },
    type: 'scan',
    body: { findings: 7 },
  });
  await eventually(async () => assert.notEqual((await stage.call('rita', 'GET', path)).decision, decision));
  await rita.getByLabel('Reason').fill('fine by me');
  const reloaded = await hold(rita, `**${path}`);
  await rita.getByRole('button', { name: 'Approve' }).click();
  await rita.getByText(/has changed since you viewed it/).waitFor();
  await reloaded.wanted;
  assert.ok(await rita.getByRole('button', { name: 'Approve' }).isDisabled());
  reloaded.release();
  await rita.getByRole('button', { name: "I've reviewed the update" }).waitFor();
  assert.ok(await rita.getByRole('button', { name: 'Approve' }).isDisabled());
});
