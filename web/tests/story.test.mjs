// The promotion story by clicking: the gate asks for risk, the risk officer approves in the browser, the pointer moves,
// the receipt verifies in the browser, and a lying server is caught.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from './eventually.mjs';
import { people, Stage } from './stage.mjs';

let stage;
before(async () => {
  stage = await new Stage().open();
  await stage.fill();
});
after(() => stage.close());

test('a move that needs an approval opens a change request, and the risk officer approves it', async () => {
  const anna = await stage.page('anna');
  await anna.goto('/prompts/loan-summary?version=2');
  await anna.getByRole('button', { name: 'Promote or tag this version…' }).click();
  await anna.getByLabel('Reason').fill('reads better');
  await anna.getByRole('button', { name: 'Move production to version 2' }).click();
  await anna.getByRole('link', { name: 'view what it needs' }).click();
  await anna.getByText('Approvals 0/1').waitFor();
  const address = new URL(anna.url()).pathname;

  const rita = await stage.page('rita');
  await rita
    .getByRole('link', { name: /loan-summary: version 2/ })
    .first()
    .click();
  assert.equal(new URL(rita.url()).pathname, address);
  await rita.getByLabel('Reason').fill('read the diff');
  await rita.getByRole('button', { name: 'Approve' }).click();
  await rita.getByRole('link', { name: /Verify the receipt/ }).waitFor();
  // Anna's page follows the change feed: nobody reloads it.
  await anna.getByText('Approvals 1/1').waitFor();

  const resolved = await stage.call('rita', 'GET', '/api/v1/prompts/loan-summary/resolve');
  assert.equal(resolved.version, 2);
  await rita.getByRole('link', { name: /Verify the receipt/ }).click();
  await rita.getByRole('button', { name: /Verify entry/ }).click();
  await rita.getByText('Verified in this browser.').waitFor();
  assert.deepEqual([...anna.faults, ...rita.faults], []);
});

test('a tampered entry is caught by the verify button', async () => {
  const page = await stage.page('rita');
  await page.route('**/api/v1/ledger/entries/3', async (route) => {
    const answer = await route.fetch();
    const entry = await answer.json();
    entry.body.actor = 'user:mallory';
    await route.fulfill({ json: entry });
  });
  await page.goto('/ledger?entry=3');
  await page.getByRole('button', { name: 'Verify entry 3' }).click();
  await page.getByText('Verification failed').waitFor();
});

test('a checkpoint with another signature is caught', async () => {
  const page = await stage.page('rita');
  await page.route('**/ledger/checkpoint', async (route) => {
    const answer = await route.fetch();
    const lines = (await answer.text()).split('\n');
    lines[1] = String(Number(lines[1]) - 1);
    await route.fulfill({ body: lines.join('\n') });
  });
  await page.goto('/ledger');
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByText(/Verification failed/).waitFor();
});

test('the promotion story works with the keyboard alone', async () => {
  await stage.call('anna', 'POST', '/api/v1/prompts/loan-summary/versions', {
    template: 'Summarise the application of {{name}} in one sentence.',
    description: 'one',
  });
  const { change_request } = await stage.call('anna', 'PUT', '/api/v1/assets/prompt/loan-summary/aliases/production', {
    version: 3,
  });
  const page = await stage.page();
  await page.goto('/');
  await page.getByLabel('Name').focus();
  await page.keyboard.type('rita');
  await page.keyboard.press('Tab');
  await page.keyboard.type('another password');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  const tabTo = async (wanted) => {
    await page.getByText(wanted).first().waitFor();
    for (let i = 0; i < 60; ++i) {
      await page.keyboard.press('Tab');
      const text = await page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
      if (wanted.test(text)) return;
    }
    assert.fail(`the keyboard does not reach ${wanted}`);
  };
  await tabTo(/loan-summary: version 3/);
  await page.keyboard.press('Enter');
  await page.getByText('Your review').waitFor();
  for (let i = 0; i < 60 && !(await page.evaluate(() => document.activeElement?.tagName === 'TEXTAREA')); ++i)
    await page.keyboard.press('Tab');
  await page.keyboard.type('fine');
  await tabTo(/^Approve$/);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: /Verify the receipt/ }).waitFor();
  assert.equal((await stage.call('anna', 'GET', `/api/v1/change-requests/${change_request.id}`)).status, 'applied');
});

test('who may not answer is told who can grant it', async () => {
  const page = await stage.page('otto');
  await page.goto('/changes/1');
  await page.getByText('Applied change').waitFor();
  assert.equal(await page.getByText('How to fix').count(), 0); // it is closed: nothing is to be done
  assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0);
  await page.goto('/prompts/loan-summary');
  await page.getByText(/You need the contributor role to move an alias/).waitFor();
});

test('a wrong password says so, and signing out ends the session on the server', async () => {
  const page = await stage.page();
  await page.goto('/ledger');
  await page.getByLabel('Name').fill('rita');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'Incorrect username or password.' }).waitFor();
  await page.getByLabel('Password').fill('another password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Ledger' }).waitFor();
  const [cookie] = (await page.context().cookies()).filter((c) => c.name === 'regesta_session');
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, 'Strict');
  const me = () =>
    fetch(`${stage.url}/api/v1/users/me`, { headers: { Cookie: `regesta_session=${cookie.value}` } }).then(
      (a) => a.status,
    );
  assert.equal(await me(), 200);
  // Another origin's page may not act with it.
  const foreign = await fetch(`${stage.url}/api/v1/assets`, {
    method: 'POST',
    body: '{"kind":"prompt","name":"x"}',
    headers: {
      Cookie: `regesta_session=${cookie.value}`,
      Origin: 'http://evil.example',
      'Content-Type': 'application/json',
    },
  });
  assert.equal(foreign.status, 403);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByLabel('Password').waitFor();
  assert.equal(await me(), 401);
});

test('whoever made a version is told why the answer is somebody else’s, and nothing waits for them', async () => {
  const both = ['contributor', 'risk'].map((role) => ({ role, workspace: '*', name_pattern: '*' }));
  await stage.call('anna', 'POST', '/api/v1/users', {
    name: 'cora',
    password: (people.cora = 'a fifth password'),
    grants: both,
  });
  await stage.call('cora', 'POST', '/api/v1/prompts/loan-summary/versions', {
    template: 'Summarise {{name}}.',
    description: 'hers',
  });
  const { version } = await stage.call('cora', 'GET', '/api/v1/assets/prompt/loan-summary/versions/latest');
  const { change_request } = await stage.call('cora', 'PUT', '/api/v1/assets/prompt/loan-summary/aliases/production', {
    version,
  });
  const page = await stage.page('cora');
  await page.getByText("You're all caught up. 1 open change request awaiting others.").waitFor();
  await page.goto(`/changes/${change_request.id}`);
  await page.getByText('You made this version, so somebody else has to approve it.').waitFor();
  await eventually(async () => assert.equal(await page.getByRole('button', { name: 'Approve' }).isDisabled(), true));
  await page.getByText('Approvals 0/1 · risk pending').waitFor();
  // Evidence requirements are not shown as approvals, and the remediation names this change request.
  await page.getByText(`regesta approve ${change_request.id} --role risk`).waitFor();
  assert.deepEqual(page.faults, []);
});

test('a prompt’s name may hold slashes, encoded or as it is typed', async () => {
  for (const template of ['Hello {{name}}', 'Good day, {{name}}'])
    await stage.call('anna', 'POST', `/api/v1/prompts/${encodeURIComponent('support/greeting')}/versions`, {
      template,
    });
  const page = await stage.page('anna');
  await page.goto('/prompts/support/greeting');
  await page.getByRole('heading', { level: 1, name: 'support/greeting' }).waitFor();
  await page.getByRole('link', { name: 'Compare with previous' }).click();
  await page.getByRole('heading', { level: 1, name: /^Compare 1\.0\.0 \(#1\) → 1\.\d\.\d \(#2\)$/ }).waitFor();
  await page.getByRole('link', { name: 'support/greeting' }).click();
  await page.getByRole('heading', { level: 1, name: 'support/greeting' }).waitFor();
  await page.goto('/prompts');
  await page.getByRole('link', { name: 'support/greeting' }).click();
  await page.getByRole('heading', { level: 1, name: 'support/greeting' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'support/greeting' }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('links that MLflow’s clients print lead here', async () => {
  const page = await stage.page('anna');
  await page.goto(`/#/experiments/1/runs/${stage.runs[1]}`);
  await page.getByRole('heading', { level: 1, name: 'run-1' }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/runs/${stage.runs[1]}`);
  await page.goto('/#/prompts/loan-summary');
  await page.getByRole('heading', { level: 1, name: 'loan-summary' }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('the health page says both versions', async () => {
  const page = await stage.page('anna');
  await page.goto('/settings');
  await page.getByText(/^\d+\.\d+\.\d+.* · MLflow-compatible \(3\.\d+\.\d+\)$/).waitFor();
  assert.deepEqual(page.faults, []);
});

test('the first user becomes admin, and the page says so before', async () => {
  const fresh = await new Stage().open({ users: false });
  try {
    const page = await fresh.page();
    await page.goto('/settings/users');
    await page.getByText('The first user becomes admin').waitFor();
    assert.equal(await page.getByLabel('role').count(), 0);
    await page.getByLabel('Name', { exact: true }).fill('anna');
    await page.getByLabel('password').fill(people.anna);
    await page.getByRole('button', { name: 'Add user' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    const me = await fresh.call('anna', 'GET', '/api/v1/users/me');
    assert.deepEqual(
      me.grants.map((grant) => grant.role),
      ['admin'],
    );
  } finally {
    await fresh.close();
  }
});
