// Waivers from the browser: requested, refused to whoever asked, approved by another, used, revoked; and a move against
// the policies with its review.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { people, Stage } from './stage.mjs';

let stage;
const production = '/api/v1/assets/prompt/support/aliases/production';
before(async () => {
  stage = await new Stage().open();
  people.adam = 'a fifth password';
  const grants = [{ role: 'admin', workspace: '*', name_pattern: '*' }];
  await stage.call('anna', 'POST', '/api/v1/users', { name: 'adam', password: people.adam, grants });
  const call = (...words) => stage.call('anna', ...words);
  for (const template of ['Help {{name}}.', 'Help {{name}} quickly.', 'Help {{name}} at once.'])
    await call('POST', '/api/v1/prompts/support/versions', { template });
  await call('PUT', production, { version: 1 });
  await call('POST', '/api/v1/policies/tested', {
    modules: [
      {
        name: 'gate.rego',
        text: `package regesta.gate

deny contains {"code": "tests", "msg": "the prompt has no tests"} if input.candidate

require contains {"code": "risk", "msg": "a risk officer approves", "approvals": {"role": "risk"}} if input.candidate
`,
      },
    ],
  });
  await call('POST', '/api/v1/policies/bindings', {
    kind: 'prompt',
    name_pattern: 'support',
    pointer: 'production',
    policy: 'tested',
  });
});
after(() => stage.close());

test('a waiver is requested by one user, approved by another, and shown where it counts', async () => {
  const page = await stage.page('anna');
  await page.getByRole('link', { name: 'Waivers' }).click();
  await page.getByText('No waivers yet.').waitFor();
  await page.getByText('Request a waiver').click();
  await page.getByLabel('Code of the violation').fill('tests');
  await page.getByLabel('Kind').selectOption('prompt');
  await page.getByLabel('Name or pattern').fill('support');
  await page.getByLabel('Version', { exact: true }).fill('2');
  await page.getByLabel('Role that approves it').fill('risk');
  await page.getByLabel(/^Reason/).fill('the tests arrive on Monday');
  await page.getByRole('button', { name: 'Request waiver' }).click();
  await page.getByRole('heading', { name: 'Waiver 1' }).waitFor();
  await page.getByText('You requested this waiver, so another user').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0, 'nobody approves their own');

  const other = await stage.page('rita');
  await other.goto('/waivers?waiver=1');
  await other.getByRole('button', { name: 'Approve' }).click();
  await other.getByRole('region', { name: 'Waiver 1' }).getByText('In force').waitFor();
  await other.getByText('rita, as risk').waitFor();
  assert.deepEqual(await violations(other), []);
  assert.deepEqual(other.faults, []);

  await page
    .getByRole('row', { name: /Waiver 1|#1/ })
    .getByText('In force')
    .waitFor();
  await page.getByRole('button', { name: 'Expired' }).click();
  await page.getByText('No results.').waitFor();

  await page.goto('/prompts/support?version=2');
  await page.getByRole('link', { name: 'Waiver 1: tests' }).waitFor();
  const { change_request } = await stage.call('anna', 'PUT', production, { version: 2 });
  await page.goto(`/changes/${change_request.id}`);
  await page.getByRole('heading', { name: 'Let pass by waivers' }).waitFor();
  await page.getByText('the prompt has no tests').waitFor();
  await page.getByRole('link', { name: /^Decision [0-9a-f]/ }).click();
  await page.getByRole('heading', { name: 'Policies' }).waitFor();
  await page.getByRole('link', { name: 'Waiver 1' }).waitFor();
  await page.getByText('Denies: tests').waitFor();
  await page.getByRole('button', { name: 'Evaluate again' }).click();
  await page.getByText('The policies give the same result.').waitFor();
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(page.faults, []);
});

test('a waiver that is revoked lets nothing pass', async () => {
  const page = await stage.page('rita');
  await page.goto('/waivers?waiver=1');
  await page.getByText('To revoke it, write a reason.').waitFor();
  await page.getByLabel(/^Reason, kept/).fill('the tests are there');
  await page.getByRole('button', { name: 'Revoke waiver…' }).click();
  await page.getByRole('button', { name: 'Revoke waiver', exact: true }).click();
  await page.getByRole('region', { name: 'Waiver 1' }).getByText('Revoked', { exact: true }).waitFor();
  await page.getByRole('region', { name: 'Waiver 1' }).getByText('the tests are there').waitFor();
  assert.equal((await stage.call('anna', 'PUT', production, { version: 3 })).outcome, 'refused');
  assert.deepEqual(page.faults, []);
});

test('a reader sees waivers and can change none', async () => {
  const page = await stage.page('otto');
  await page.goto('/waivers?waiver=1');
  await page.getByRole('region', { name: 'Waiver 1' }).getByText('Revoked', { exact: true }).waitFor();
  for (const name of ['Approve', 'Request waiver', 'Revoke waiver…'])
    assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
  assert.equal(await page.getByText('Request a waiver').count(), 0);
  assert.deepEqual(page.faults, []);
});

test('a move against the policies waits for a review by another user', async () => {
  await stage.call('anna', 'PUT', production, { version: 3, break_glass: true, reason: 'outage 17' });
  const page = await stage.page('anna');
  await page.goto('/prompts/support');
  await page.getByRole('link', { name: 'Moved against the policies' }).click();
  await page.getByText('You made this move, so another user').waitFor();
  await page.getByRole('link', { name: /^Decision [0-9a-f]/ }).click();
  await page.getByText('anna moved it although the checks below do not pass').waitFor();
  await page.getByText('outage 17').waitFor();
  assert.deepEqual(page.faults, []);

  const other = await stage.page('rita');
  await other.goto('/waivers');
  await other
    .getByRole('row', { name: /outage 17/ })
    .getByText('Review pending')
    .waitFor();
  await other.getByRole('link', { name: 'Move 1 against the policies' }).click();
  await other.getByLabel(/^Conclusion/).fill('a rollback was enough');
  await other.getByRole('button', { name: 'Object…' }).click();
  await other.getByRole('button', { name: 'Object', exact: true }).click();
  await other
    .getByRole('region', { name: /^Move 1/ })
    .getByText('Objected')
    .waitFor();
  await other.getByText('a rollback was enough').waitFor();
  assert.deepEqual(await violations(other), []);
  assert.deepEqual(other.faults, []);
});
