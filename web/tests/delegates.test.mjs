// An approver names a delegate in the browser, the delegate reviews on their behalf, and either of the two ends it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { Stage } from './stage.mjs';

let stage, request;
before(async () => {
  stage = await new Stage().open();
  await stage.fill();
  const moved = await stage.call('anna', 'PUT', '/api/v1/assets/prompt/loan-summary/aliases/production', {
    version: 2,
  });
  request = moved.change_request.id;
});
after(() => stage.close());

test('an approver names a delegate, who approves on their behalf', async () => {
  const page = await stage.page('rita');
  await page.goto('/settings/delegates');
  await page.getByText('No delegates.').waitFor();
  await page.getByLabel('User').fill('otto');
  await page.getByLabel('Reason').fill('on holiday');
  await page.getByRole('button', { name: 'Add delegate' }).click();
  await page.getByRole('row', { name: /otto/ }).getByText('In force').waitFor();
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(page.faults, []);

  const other = await stage.page('otto');
  await other.goto(`/changes/${request}`);
  assert.match(await other.getByLabel('Review as').innerText(), /delegate of rita \(risk\)/);
  await other.getByLabel('Reason').fill('checked');
  await other.getByRole('button', { name: 'Approve' }).click();
  await other.getByRole('heading', { name: 'Applied', exact: true }).waitFor();
  await other.getByRole('listitem').filter({ hasText: 'otto on behalf of rita' }).waitFor();
  assert.deepEqual(await violations(other), []);
  assert.deepEqual(other.faults, []);
});

test('the delegate ends it, and nobody else is offered the form', async () => {
  const page = await stage.page('otto');
  await page.goto('/settings/delegates');
  assert.equal(await page.getByRole('button', { name: 'Add delegate' }).count(), 0);
  await page.getByRole('button', { name: 'Remove delegate otto for rita' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('row', { name: /otto/ }).getByText('Removed').waitFor();
  assert.deepEqual(page.faults, []);
});
