// Golden tests and decision records: which rows failed and how; what was answered, and that it is as it was sealed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from './eventually.mjs';
import { Stage } from './stage.mjs';
import { fillTested } from './tested.mjs';

let stage, sealed;
before(async () => {
  stage = await new Stage().open();
  sealed = await fillTested(stage);
});
after(() => stage.close());

test('a version that failed shows its rows, expected beside actual', async () => {
  const page = await stage.page('anna');
  await page.getByRole('link', { name: 'Golden tests' }).click();
  await page.getByRole('link', { name: 'scores' }).click();
  await page.getByText('✗ Failed').waitFor();
  await page.getByText('Not deterministic').waitFor();
  const row = page.getByRole('row', { name: /\$\.score/ }).first();
  assert.match(await row.innerText(), /2?\s*\$\.score\s+0\.3\s+0\.9/);
  await page.getByRole('link', { name: 'model/scorer@1' }).click();
  await page.getByRole('heading', { level: 1, name: 'scorer' }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('a record is found by its subject, read, and verified against the ledger', async () => {
  const page = await stage.page('anna');
  await page.getByRole('link', { name: 'Decision records' }).click();
  await page.getByRole('cell', { name: 'customer-4712' }).waitFor();
  await page.getByLabel('Subject').fill('customer-4711');
  await page.getByLabel('Subject').press('Enter');
  await page.getByRole('cell', { name: 'customer-4712' }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: sealed.first }).click();
  await page.getByText('"income": 300').waitFor();
  await page.getByRole('button', { name: /Verify batch/ }).click();
  await page.getByText('✓ Verified').waitFor();
  assert.deepEqual(page.faults, []);
});

test('a reader sees that there are records, and not what is in them', async () => {
  const page = await stage.page('otto');
  await page.goto(`/records?record=${sealed.first}`);
  await page.getByText('shown to administrators and auditors').waitFor();
  await page.getByRole('cell', { name: 'Not shown to you' }).first().waitFor();
  assert.equal(await page.getByText('customer-4711').count(), 0);
  assert.deepEqual(page.faults, []);
});

test('the jobs of runners are listed, with their state', async () => {
  const page = await stage.page('anna');
  await page.goto('/settings/jobs');
  const row = page.getByRole('row', { name: /golden-model/ });
  await row.getByText('Done').waitFor();
  await row.getByRole('link', { name: 'model/scorer@1' }).waitFor();
  await page.getByRole('button', { name: 'Waiting' }).click();
  await page.getByText('No results.').waitFor();
  assert.deepEqual(page.faults, []);
});

test('who read a version stands on its page, for those who may know', async () => {
  await stage.call('anna', 'PUT', '/api/v1/access-log/rule', { percent: 100 });
  // The setting counts, and reads are written down, within a second or so.
  await eventually(async () => {
    await stage.call('otto', 'GET', '/api/v1/assets/model/scorer/versions/1');
    const { items } = await stage.call('anna', 'GET', '/api/v1/access-log?kind=model&name=scorer&version=1');
    assert.ok(items.some(({ actor }) => actor === 'user:otto'));
  });
  const page = await stage.page('anna');
  await page.goto('/models/scorer');
  await page.getByRole('heading', { name: 'Access log' }).waitFor();
  assert.match(await page.getByRole('listitem').filter({ hasText: 'otto' }).first().innerText(), /otto\s+read/);
  const other = await stage.page('otto');
  await other.goto('/models/scorer');
  await other.getByRole('heading', { name: 'Versions' }).waitFor();
  assert.equal(await other.getByRole('heading', { name: 'Access log' }).count(), 0);
  assert.deepEqual([...page.faults, ...other.faults], []);
});
