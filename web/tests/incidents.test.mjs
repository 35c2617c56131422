// An incident from the browser: opened, so that production goes back; worked on; closed by somebody else. And what
// triggers and guards did.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stage } from './stage.mjs';

let stage;
before(async () => {
  stage = await new Stage().open();
  const call = (...words) => stage.call('anna', ...words);
  for (const template of ['Be fair to {{name}}.', 'Refuse {{name}} if young.'])
    await call('POST', '/api/v1/prompts/loan/versions', { template });
  for (const version of [1, 2]) await call('PUT', '/api/v1/assets/prompt/loan/aliases/production', { version });
  await call('PUT', '/api/v1/triggers/tune', {
    on: { action: 'version.created', kind: 'prompt', names: 'loan' },
    job: { command: 'tune', grants: [] },
  });
  await call('PUT', '/api/v1/triggers/diverges', {
    on: { names: 'credit*' },
    run: { metric: 'loss', aggregate: 'average', window: 5, changes: 'increase', by: 0.2, relative: true },
    job: { command: 'tune', grants: [] },
  });
  await call('PUT', '/api/v1/assets/prompt/loan/standing-guards/production/happy', {
    metric: 'helpfulness',
    threshold: 0.8,
    on_breach: 'rollback',
  });
});
after(() => stage.close());

test('an incident rolls production back and ends with a report', async () => {
  const page = await stage.page('anna');
  await page.getByRole('link', { name: 'Incidents' }).click();
  await page.getByText('No incidents yet.').waitFor();
  await page.getByText('Open an incident').click();
  await page.getByLabel('Kind').selectOption('prompt');
  await page.getByLabel('Name').fill('loan');
  await page.getByLabel(/^Version/).fill('production');
  await page.getByLabel(/What is wrong/).fill('refuses everybody below 25');
  await page.getByRole('button', { name: 'Open incident…' }).click();
  await page.getByText('prompt/loan@production goes into quarantine').waitFor();
  await page.getByRole('button', { name: 'Open incident', exact: true }).click();
  await page.getByRole('heading', { name: 'Incident 1' }).waitFor();
  await page.getByText('No alias or stage points to the version.').waitFor();
  await page.getByText("rolled 'production' back from version 2 to version 1").waitFor();
  await page.getByRole('textbox', { name: 'Note' }).fill('the rule about age is wrong');
  await page.getByRole('button', { name: 'Add note' }).click();
  await page.getByRole('listitem').filter({ hasText: 'the rule about age is wrong' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Resolve…' }).count(), 0, 'an author does not close it');
  assert.deepEqual(page.faults, []);

  const other = await stage.page('rita');
  await other.goto('/incidents?incident=1');
  await other.getByLabel(/Conclusion/).fill('age is no reason');
  await other.getByRole('button', { name: 'Resolve…' }).click();
  await other.getByRole('button', { name: 'Resolve', exact: true }).click();
  await other.getByText('age is no reason').waitFor();
  await other.getByRole('cell', { name: 'Resolved' }).waitFor();
  assert.match(
    await other.getByRole('link', { name: 'Report' }).getAttribute('href'),
    /incidents\/1\/report\?format=html/,
  );
  assert.deepEqual(other.faults, []);
});

test('a trigger shows what it is about and what it did', async () => {
  await stage.call('anna', 'POST', '/api/v1/prompts/loan/versions', { template: 'Be fair.' });
  const page = await stage.page('anna');
  await page.goto('/settings/triggers');
  await page.getByRole('row', { name: /tune/ }).getByText('version.created on prompt/loan').waitFor();
  await page
    .getByRole('row', { name: /diverges/ })
    .getByText('run whose average of the last 5 values of loss increases by 20 % in experiment credit*')
    .waitFor();
  await page.getByRole('link', { name: 'tune' }).click();
  await page.getByRole('listitem').filter({ hasText: 'prompt/loan@3' }).getByText('Started').waitFor();
  assert.deepEqual(page.faults, []);
});

test('a guard of an alias stands on the page of its prompt', async () => {
  const page = await stage.page('anna');
  await page.goto('/prompts/loan');
  await page.getByRole('heading', { name: 'Guards' }).waitFor();
  await page.getByText('helpfulness at least 0.8; if not, roll back').waitFor();
  assert.deepEqual(page.faults, []);
});
