// Answering for a change: discussion, what was seen is what is answered, two roles, guards that revert a rollout on an
// open page, moments of the past, policies tried, and the settings.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { eventually } from './eventually.mjs';
import { fillGoverned, report, rolloutOf } from './governed.mjs';
import { people, Stage } from './stage.mjs';

let stage, governed;
before(async () => {
  stage = await new Stage().open();
  await stage.fill();
  governed = await fillGoverned(stage);
});
after(() => stage.close());

/** The change request as far as these roles have approved it, whatever the tests before did. */
async function approvedBy(...names) {
  const at = `/api/v1/change-requests/${governed.request}`;
  for (const name of names) {
    const { status, approvals, decision } = await stage.call(name, 'GET', at);
    if (status === 'open' && !approvals.some(({ user }) => user === `user:${name}`))
      await stage.call(name, 'POST', `${at}/approve`, { comment: 'fine', decision });
  }
}

test('people discuss a change request, and nobody reloads', async () => {
  const rita = await stage.page('rita');
  await rita.goto(`/changes/${governed.request}`);
  await rita.getByText('The holdout is from this year').waitFor();
  await rita
    .getByLabel('Comment', { exact: true })
    .fill('Was it <img src=x onerror="window.pwned=1"> *really*? [look](javascript:window.pwned=1)');
  const lena = await stage.page('lena');
  await lena.goto(`/changes/${governed.request}`);
  await lena.getByText('Approvals 0/2 · legal, risk pending').waitFor();
  await rita.getByRole('button', { name: 'Comment' }).click();
  await lena.getByText('Was it').waitFor();
  await lena.getByText(/rita commented/).waitFor();
  assert.equal(await lena.evaluate(() => window.pwned), undefined);
  assert.equal(await lena.locator('ol[aria-label="Comments"] :is(img, script, a[href^="javascript"])').count(), 0);
  await eventually(async () => assert.equal(await rita.getByLabel('Comment', { exact: true }).inputValue(), ''));
  const otto = await stage.page('otto');
  await otto.goto(`/changes/${governed.request}`);
  await otto.getByText(/You need the contributor role or an approval role to comment/).waitFor();
  assert.equal(await otto.getByRole('button', { name: 'Comment' }).count(), 0);
  await otto.getByText(/regesta user grant otto --grant reader --grant legal/).waitFor();
  assert.deepEqual([...rita.faults, ...lena.faults, ...otto.faults], []);
});

test('an answer to what has changed meanwhile is not taken', async () => {
  const rita = await stage.page('rita');
  await rita.route('**/api/v1/changes*', (route) => route.abort()); // the feed is lost: the page grows old
  await rita.goto(`/changes/${governed.request}`);
  await rita.getByText('Approvals 0/2').waitFor();
  const { decision } = await stage.call('rita', 'GET', `/api/v1/change-requests/${governed.request}`);
  await stage.call('anna', 'POST', '/api/v1/evidence', {
    asset: { kind: 'model', name: 'loan-risk', version: 2 },
    type: 'scan',
    body: { findings: 3 },
  });
  while ((await stage.call('rita', 'GET', `/api/v1/change-requests/${governed.request}`)).decision === decision)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await rita.getByLabel('Reason').fill('fine by me');
  await rita.getByRole('button', { name: 'Approve' }).click();
  await rita.getByText(/has changed since you viewed it/).waitFor();
  assert.deepEqual((await stage.call('rita', 'GET', `/api/v1/change-requests/${governed.request}`)).approvals, []);
  await eventually(async () => assert.equal(await rita.getByLabel('Reason').inputValue(), 'fine by me'));
  await eventually(async () => assert.ok(await rita.getByRole('button', { name: 'Approve' }).isDisabled()));
  await rita.getByRole('button', { name: "I've reviewed the update" }).click();
  await rita.getByRole('button', { name: 'Approve' }).click();
  await rita.getByText('Approvals 1/2 · legal pending').waitFor();
  await rita.getByText('You approved this. Still pending: legal.').waitFor();
});

test('the second role carries it out; the receipt verifies; refused attempts stay visible', async () => {
  await approvedBy('rita');
  await stage.call('anna', 'PUT', '/api/v1/assets/model/loan-risk/aliases/production', { version: 2 }).catch(() => {});
  const anna = await stage.page('anna');
  await anna.goto(`/changes/${governed.request}`);
  await anna.getByText('You made this version, so somebody else has to approve it.').waitFor();
  const lena = await stage.page('lena');
  await lena.goto('/changes');
  await lena.getByText('1/2 · legal pending').waitFor();
  await lena.getByRole('link', { name: /loan-risk: 1 → 2 on production/ }).click();
  // Both versions' numbers, claimed and verified told apart.
  await lena.getByRole('row', { name: /^accuracy 0\.5 ✓ Verified 0\.9 ✓ Verified \+0\.4$/ }).waitFor();
  await lena.getByRole('row', { name: /^training accuracy 0\.91 Claimed 0\.92 Claimed/ }).waitFor();
  await lena.getByRole('heading', { name: 'Limits' }).waitFor();
  await lena.getByLabel('Reason').fill('no objection');
  await lena.getByRole('button', { name: 'Approve' }).click();
  await anna.getByRole('heading', { name: 'Applied', exact: true }).waitFor();
  await lena.getByRole('link', { name: /Verify the receipt/ }).click();
  await lena.getByRole('button', { name: /Verify entry/ }).click();
  await lena.getByText('Verified in this browser.').waitFor();
  // A version without a card is refused, and the attempt stays on the page of the request that had asked for the same.
  const { verdict } = await stage.call('anna', 'PUT', '/api/v1/assets/model/loan-risk/aliases/production', {
    version: 1,
  });
  assert.equal(verdict.deny[0].code, 'card');
  await lena.goto('/models/loan-risk');
  await lena.getByRole('button', { name: 'History of production' }).click();
  await lena.getByText('(card)').waitFor();
  assert.deepEqual([...anna.faults, ...lena.faults], []);
});

test('a rejection needs a reason, and who asked may withdraw', async () => {
  await approvedBy('rita', 'lena');
  await stage.call('anna', 'POST', '/api/v1/evidence', {
    asset: { kind: 'model', name: 'loan-risk', version: 1 },
    type: 'card',
    body: '# Old\n\nApproves nearly everybody.',
  });
  const first = await stage.call('anna', 'PUT', '/api/v1/assets/model/loan-risk/aliases/production', { version: 1 });
  const rita = await stage.page('rita');
  await rita.goto(`/changes/${first.change_request.id}`);
  await eventually(async () => assert.ok(await rita.getByRole('button', { name: 'Reject' }).isDisabled()));
  await rita.getByLabel('Reason').fill('it approves nearly everybody');
  await rita.getByRole('button', { name: 'Reject' }).click();
  await rita.getByText('“it approves nearly everybody”').waitFor();
  assert.equal(await rita.getByRole('button', { name: 'Withdraw request…' }).count(), 0);
  const second = await stage.call('anna', 'PUT', '/api/v1/assets/model/loan-risk/aliases/production', { version: 1 });
  const anna = await stage.page('anna');
  await anna.goto(`/changes/${second.change_request.id}`);
  await anna.getByRole('button', { name: 'Withdraw request…' }).click();
  await anna.getByRole('button', { name: 'Withdraw request', exact: true }).click();
  await anna.getByText('Withdrawn', { exact: true }).waitFor();
});

test('a guarded rollout reverts by itself while the page is open', async () => {
  const rollout = await rolloutOf(stage, 'support-chat');
  await report(stage, 'support-chat', 3, 0.9, 0.8);
  const page = await stage.page('otto');
  await page.goto(`/rollouts/support-chat/${rollout.id}`);
  await page.getByText('10% of traffic on candidate').waitFor();
  await page.getByText(/left$/).waitFor();
  await page.getByText(/regesta user grant otto --grant reader --grant contributor/).waitFor();
  await page.evaluate(() => {
    window.loadedOnce = true;
  });
  await report(stage, 'support-chat', 200, 0.9, 0.1);
  await page.getByRole('heading', { name: 'Rolled back: all traffic on version 1' }).waitFor();
  await eventually(async () => {
    const why = await page.getByTestId('outcome').textContent();
    assert.match(why, /Automatically/);
    assert.match(why, /guardrail 'helpfulness': version 2 has mean/);
  });
  await page.getByText(/^Triggered /).waitFor();
  await page.getByText('Breached', { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => window.loadedOnce), true, 'the page was loaded anew');
  const entry = page.getByRole('listitem').filter({ hasText: 'the guard rolled back' }).getByRole('link');
  await entry.click();
  await page.getByRole('button', { name: /Verify entry/ }).click();
  await page.getByText('Verified in this browser.').waitFor();
  await eventually(async () => assert.match(await page.locator('pre').textContent(), /rollout\.rolled-back/));
  assert.deepEqual(page.faults, []);
});

test('pause, resume, advance and roll back, each after its consequence was read', async () => {
  const rollout = await rolloutOf(stage, 'other-chat', { guards: [] });
  const page = await stage.page('anna');
  await page.goto(`/rollouts/other-chat/${rollout.id}`);
  await page.getByText(/^No guards: this rollout does not roll back automatically/).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Advance now…' }).click();
  await page.getByText('50% of traffic goes to candidate at once').waitFor();
  await page.getByRole('button', { name: 'Advance now', exact: true }).click();
  await page.getByText('50% of traffic on candidate').waitFor();
  await page.getByLabel('Reason').fill('a customer called');
  await page.getByRole('button', { name: 'Roll back…' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(
    (await stage.call('anna', 'GET', `/api/v1/prompts/other-chat/rollouts/${rollout.id}`)).status,
    'running',
  );
  await page.getByRole('button', { name: 'Roll back…' }).click();
  await page.getByRole('button', { name: 'Roll back', exact: true }).click();
  await page.getByRole('heading', { name: 'Rolled back: all traffic on version 1' }).waitFor();
  await eventually(async () =>
    assert.match(await page.getByTestId('outcome').textContent(), /By anna.*a customer called/),
  );
  assert.equal((await stage.call('anna', 'GET', '/api/v1/prompts/other-chat/resolve?key=u1')).version, 1);
  assert.deepEqual(page.faults, []);
});

test('what a pointer was at a moment, and entries by filter, have addresses', async () => {
  await approvedBy('rita', 'lena');
  const page = await stage.page('otto');
  await page.goto(`/ledger?asset=model/loan-risk&pointer=production&at=${encodeURIComponent(governed.before)}`);
  await page.getByText(/Not set: production of model loan-risk/).waitFor();
  await page.getByLabel(/^Date/).fill(
    await page.evaluate(() => {
      const at = new Date(Date.now() + 3600_000 - new Date().getTimezoneOffset() * 60_000);
      return at.toISOString().slice(0, 19);
    }),
  );
  await page.getByRole('button', { name: 'Look up' }).click();
  await page.getByText(/Version 2: production of model/).waitFor();
  await page.getByText(/approved by lena, rita|approved by rita, lena/).waitFor();
  await page.getByText('Still current').waitFor();
  await page.getByRole('button', { name: 'blocked' }).click();
  await page.waitForURL(/action=%2Arefused|action=\*refused/);
  const rows = page.locator('section[aria-labelledby="entries"] tbody tr');
  await page.waitForFunction(() =>
    [...document.querySelectorAll('section[aria-labelledby="entries"] tbody tr')].every((row) =>
      row.textContent.includes('blocked'),
    ),
  );
  await eventually(async () => assert.ok((await rows.count()) >= 1));
  await page.reload();
  await page.waitForFunction(() => {
    const rows = [...document.querySelectorAll('section[aria-labelledby="entries"] tbody tr')];
    return rows.length > 0 && rows.every((row) => row.textContent.includes('blocked'));
  });
  assert.deepEqual(page.faults, []);
});

test('lineage as it was', async () => {
  await approvedBy('rita', 'lena');
  const page = await stage.page('otto');
  await page.goto('/lineage?node=model/loan-risk@2');
  const past = page.getByRole('button', { name: 'Earlier' });
  await page.getByRole('heading', { name: 'As a list' }).waitFor();
  await page.goto(`/lineage?node=model/loan-risk@2&at=${encodeURIComponent(governed.before)}`);
  await page.getByText(/^0 connections as of/).waitFor();
  await page.getByText('No connections at this date.').waitFor();
  await eventually(async () => assert.ok(await past.isDisabled()));
  await page.getByRole('button', { name: 'Now' }).click();
  await page.getByText(/now\.$/).waitFor();
  await page.locator('svg').getByText('production').waitFor();
  assert.deepEqual(page.faults, []);
});

test('a policy is tested and tried from its page', async () => {
  const page = await stage.page('otto');
  await page.goto('/policies/four-eyes');
  await page
    .getByLabel('Tests in Rego')
    .fill(
      'package regesta.gate_test\n\nimport data.regesta.gate\n\ntest_without_a_card_refused if count(gate.deny) == 1 with input as {"candidate": {"card": false}}\n\ntest_wrong if count(gate.deny) == 7 with input as {"candidate": {"card": false}}\n',
    );
  await page.getByRole('button', { name: 'Run tests' }).click();
  await page.getByText('1 passed, 1 failed.').waitFor();
  await page.getByRole('listitem').filter({ hasText: 'test_wrong' }).getByText('Failed', { exact: true }).waitFor();
  await page.getByLabel(/^Asset/).fill('prompt/loan-summary');
  await page.getByLabel(/^Asset/).blur();
  await page.getByRole('button', { name: 'Simulate', exact: true }).click();
  await page.getByText('Blocked by policy.').waitFor();
  await page.locator('section[aria-labelledby="try"]').getByText('there is no model card').waitFor();
  await page.getByLabel(/^Asset/).fill('model/loan-risk');
  await page.getByLabel(/^Asset/).blur();
  await page.getByRole('button', { name: 'Simulate', exact: true }).click();
  await page.getByText('A change request would open.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Add binding…' }).count(), 0);
  const anna = await stage.page('anna');
  await anna.goto('/policies/four-eyes');
  await anna.getByRole('button', { name: 'Add binding…' }).click();
  await anna.getByLabel('Names', { exact: true }).fill('fraud-*');
  await anna.getByRole('button', { name: 'Add binding' }).click();
  await anna.getByRole('button', { name: 'Remove binding of production of fraud-*' }).click();
  await anna.getByRole('button', { name: 'Remove binding', exact: true }).click();
  await anna.getByText('fraud-*', { exact: true }).waitFor({ state: 'detached' });
  assert.deepEqual([...page.faults, ...anna.faults], []);
});

test('settings: users, tokens, webhooks', async () => {
  const heard = [];
  const receiver = createServer((request, answer) => {
    request.resume();
    heard.push(request.headers['webhook-id']);
    answer.writeHead(204).end();
  });
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  try {
    const page = await stage.page('anna');
    await page.goto('/settings');
    await page.getByText('✓ Ready').waitFor();
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByText('✓ Consistent').waitFor();
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByLabel('Name', { exact: true }).fill('pipeline');
    await page.getByRole('button', { name: 'Create token' }).click();
    const secret = await page.getByTestId('secret').textContent();
    const me = () =>
      fetch(`${stage.url}/api/v1/users/me`, { headers: { Authorization: `Bearer ${secret}` } }).then(
        (answer) => answer.status,
      );
    assert.equal(await me(), 200);
    await page.reload();
    await page.getByText('pipeline').waitFor();
    assert.equal(await page.getByTestId('secret').count(), 0);
    await page.getByRole('button', { name: 'Revoke pipeline' }).click();
    await page.getByRole('button', { name: 'Revoke token' }).click();
    await page.getByText('No tokens yet.').waitFor();
    assert.equal(await me(), 401);

    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByRole('button', { name: 'Change otto' }).click();
    await page.getByRole('group', { name: 'Roles' }).getByLabel('Role', { exact: true }).fill('auditor');
    await page.getByRole('button', { name: 'Save roles' }).click();
    await page.getByRole('listitem').filter({ hasText: 'otto' }).getByText('auditor').waitFor();
    // One's own password takes the present one; a session alone is not enough.
    await page.getByRole('button', { name: 'Change otto' }).click();
    assert.equal(await page.getByLabel('Current password').count(), 0);
    await page.getByRole('button', { name: 'Change anna' }).click();
    await page.getByLabel('Current password').fill(people.anna);
    await page.getByLabel('New password').fill(people.anna);
    await page.getByRole('button', { name: 'Update password' }).click();
    await page.getByLabel('New password').waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Webhooks' }).click();
    await page.getByText('No webhooks yet.').waitFor();
    await page.getByLabel('address').fill(`http://127.0.0.1:${receiver.address().port}/hook`);
    await page.getByLabel('actions').fill('alias.*');
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await eventually(async () => assert.match(await page.getByTestId('secret').textContent(), /^whsec_/));
    await page.getByRole('link', { name: 'Send a test' }).click();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('✓ Delivered').waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('description').fill('the room');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('the room').waitFor();
    await stage.call('anna', 'PUT', '/api/v1/assets/prompt/other-chat/aliases/staging', { version: 2 });
    await page.getByRole('cell', { name: 'alias.moved' }).waitFor();
    assert.ok(heard.length >= 2);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete webhook…' }).click();
    await page.getByRole('button', { name: 'Delete webhook', exact: true }).click();
    await page.getByText('No webhooks yet.').waitFor();
    assert.deepEqual(page.faults, []);
    const rita = await stage.page('rita');
    await rita.goto('/settings/tokens');
    await rita.getByText('regesta user grant rita --grant risk --grant admin').waitFor();
  } finally {
    receiver.close();
  }
});
