// Answering for a change: discussion, what was seen is what is answered, two roles, guards that revert a rollout on an open
// page, moments of the past, policies tried, and the settings.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { fillGoverned, report, rolloutOf } from './governed.mjs';
import { Stage } from './stage.mjs';

let stage, governed;
before(async () => { stage = await new Stage().open(); await stage.fill(); governed = await fillGoverned(stage); });
after(() => stage.close());

test('people discuss a change request, and nobody reloads', async () => {
  const rita = await stage.page('rita');
  await rita.goto(`/changes/${governed.request}`);
  await rita.getByText('The holdout is from this year').waitFor();
  await rita.getByLabel('Comment', { exact: true }).fill('Was it <img src=x onerror="window.pwned=1"> *really*? [look](javascript:window.pwned=1)');
  const lena = await stage.page('lena');
  await lena.goto(`/changes/${governed.request}`);
  await lena.getByText('Approvals: 0 of 2, needs legal and risk').waitFor();
  await rita.getByRole('button', { name: 'Comment' }).click();
  await lena.getByText('Was it').waitFor();
  await lena.getByText(/rita commented/).waitFor();
  assert.equal(await lena.evaluate(() => window.pwned), undefined);
  assert.equal(await lena.locator('ol[aria-label="Comments"] :is(img, script, a[href^="javascript"])').count(), 0);
  assert.equal(await rita.getByLabel('Comment', { exact: true }).inputValue(), '');
  const otto = await stage.page('otto');
  await otto.goto(`/changes/${governed.request}`);
  await otto.getByText(/Commenting needs the role contributor/).waitFor();
  assert.equal(await otto.getByRole('button', { name: 'Comment' }).count(), 0);
  await otto.getByText(/regesta user grant otto --grant reader --grant legal/).waitFor();
  assert.deepEqual([...rita.faults, ...lena.faults, ...otto.faults], []);
});

test('an answer to what has changed meanwhile is not taken', async () => {
  const rita = await stage.page('rita');
  await rita.route('**/api/v1/changes*', (route) => route.abort()); // the feed is lost: the page grows old
  await rita.goto(`/changes/${governed.request}`);
  await rita.getByText('Approvals: 0 of 2').waitFor();
  const { decision } = await stage.call('rita', 'GET', `/api/v1/change-requests/${governed.request}`);
  await stage.call('anna', 'POST', '/api/v1/evidence', { asset: { kind: 'model', name: 'loan-risk', version: 2 }, type: 'scan', body: { findings: 3 } });
  while ((await stage.call('rita', 'GET', `/api/v1/change-requests/${governed.request}`)).decision === decision) await new Promise((resolve) => setTimeout(resolve, 20));
  await rita.getByLabel('Reason').fill('fine by me');
  await rita.getByRole('button', { name: 'Approve' }).click();
  await rita.getByText(/has changed since you looked at it/).waitFor();
  assert.deepEqual((await stage.call('rita', 'GET', `/api/v1/change-requests/${governed.request}`)).approvals, []);
  assert.equal(await rita.getByLabel('Reason').inputValue(), 'fine by me');
  assert.ok(await rita.getByRole('button', { name: 'Approve' }).isDisabled());
  await rita.getByRole('button', { name: 'I have looked at it again' }).click();
  await rita.getByRole('button', { name: 'Approve' }).click();
  await rita.getByText('Approvals: 1 of 2, needs legal').waitFor();
  await rita.getByText('You have approved it. It still needs legal.').waitFor();
});

test('the second role carries it out; the receipt verifies; refused attempts stay visible', async () => {
  await stage.call('anna', 'PUT', '/api/v1/assets/model/loan-risk/aliases/production', { version: 2 }).catch(() => {});
  const anna = await stage.page('anna');
  await anna.goto(`/changes/${governed.request}`);
  await anna.getByText('You made this version, so somebody else has to approve it.').waitFor();
  const lena = await stage.page('lena');
  await lena.goto('/changes');
  await lena.getByText('1 of 2, needs legal').waitFor();
  await lena.getByRole('link', { name: /loan-risk: 1 → 2 on production/ }).click();
  // Both versions' numbers, claimed and verified told apart.
  await lena.getByRole('row', { name: /^accuracy 0\.5 ✓ verified 0\.9 ✓ verified \+0\.4$/ }).waitFor();
  await lena.getByRole('row', { name: /^training accuracy 0\.91 claimed 0\.92 claimed/ }).waitFor();
  await lena.getByRole('heading', { name: 'Limits' }).waitFor();
  await lena.getByLabel('Reason').fill('no objection');
  await lena.getByRole('button', { name: 'Approve' }).click();
  await anna.getByRole('heading', { name: 'It moved' }).waitFor();
  await lena.getByRole('link', { name: /Verify the receipt/ }).click();
  await lena.getByRole('button', { name: /Verify entry/ }).click();
  await lena.getByText('Verified in this browser.').waitFor();
  // A version without a card is refused, and the attempt stays on the page of the request that had asked for the same.
  const { verdict } = await stage.call('anna', 'PUT', '/api/v1/assets/model/loan-risk/aliases/production', { version: 1 });
  assert.equal(verdict.deny[0].code, 'card');
  await lena.goto('/models/loan-risk');
  await lena.getByRole('button', { name: 'History of production' }).click();
  await lena.getByText('(card)').waitFor();
  assert.deepEqual([...anna.faults, ...lena.faults], []);
});

test('a rejection needs a reason, and who asked may withdraw', async () => {
  await stage.call('anna', 'POST', '/api/v1/evidence', { asset: { kind: 'model', name: 'loan-risk', version: 1 }, type: 'card', body: '# Old\n\nApproves nearly everybody.' });
  const first = await stage.call('anna', 'PUT', '/api/v1/assets/model/loan-risk/aliases/production', { version: 1 });
  const rita = await stage.page('rita');
  await rita.goto(`/changes/${first.change_request.id}`);
  assert.ok(await rita.getByRole('button', { name: 'Reject' }).isDisabled());
  await rita.getByLabel('Reason').fill('it approves nearly everybody');
  await rita.getByRole('button', { name: 'Reject' }).click();
  await rita.getByText('“it approves nearly everybody”').waitFor();
  assert.equal(await rita.getByRole('button', { name: 'Withdraw it' }).count(), 0);
  const second = await stage.call('anna', 'PUT', '/api/v1/assets/model/loan-risk/aliases/production', { version: 1 });
  const anna = await stage.page('anna');
  await anna.goto(`/changes/${second.change_request.id}`);
  await anna.getByRole('button', { name: 'Withdraw it' }).click();
  await anna.getByText('withdrawn', { exact: true }).waitFor();
});

test('a guarded rollout reverts by itself while the page is open', async () => {
  const rollout = await rolloutOf(stage, 'support-chat');
  await report(stage, 'support-chat', 3, 0.9, 0.8);
  const page = await stage.page('otto');
  await page.goto(`/rollouts/support-chat/${rollout.id}`);
  await page.getByText('10 % of keys get the candidate').waitFor();
  await page.getByText(/left$/).waitFor();
  await page.getByText(/regesta user grant otto --grant reader --grant contributor/).waitFor();
  await page.evaluate(() => { window.loadedOnce = true; });
  await report(stage, 'support-chat', 200, 0.9, 0.1);
  await page.getByRole('heading', { name: 'Rolled back: everybody gets version 1' }).waitFor();
  const why = await page.getByTestId('outcome').textContent();
  assert.match(why, /By itself/);
  assert.match(why, /guardrail 'helpfulness': version 2 has mean/);
  await page.getByText(/^It acted /).waitFor();
  await page.getByText('breached', { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => window.loadedOnce), true, 'the page was loaded anew');
  const entry = page.getByRole('listitem').filter({ hasText: 'the guard rolled back' }).getByRole('link');
  await entry.click();
  await page.getByRole('button', { name: /Verify entry/ }).click();
  await page.getByText('Verified in this browser.').waitFor();
  assert.match(await page.locator('pre').textContent(), /rollout\.rolled-back/);
  assert.deepEqual(page.faults, []);
});

test('pause, go on, and revert now', async () => {
  const rollout = await rolloutOf(stage, 'other-chat', { guards: [] });
  const page = await stage.page('anna');
  await page.goto(`/rollouts/other-chat/${rollout.id}`);
  await page.getByText('No guard watches this rollout').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('button', { name: 'Next step now' }).click();
  await page.getByText('50 % of keys get the candidate').waitFor();
  await page.getByLabel('why').fill('a customer called');
  await page.getByRole('button', { name: 'Revert now' }).click();
  await page.getByRole('heading', { name: 'Rolled back: everybody gets version 1' }).waitFor();
  assert.match(await page.getByTestId('outcome').textContent(), /By anna.*a customer called/);
  assert.equal((await stage.call('anna', 'GET', '/api/v1/prompts/other-chat/resolve?key=u1')).version, 1);
  assert.deepEqual(page.faults, []);
});

test('what a pointer was at a moment, and entries by filter, have addresses', async () => {
  const page = await stage.page('otto');
  await page.goto(`/ledger?asset=model/loan-risk&pointer=production&at=${encodeURIComponent(governed.before)}`);
  await page.getByText(/Nothing stood on production of model loan-risk/).waitFor();
  await page.getByLabel(/^Moment/).fill(await page.evaluate(() => { const at = new Date(Date.now() + 3600_000 - new Date().getTimezoneOffset() * 60_000); return at.toISOString().slice(0, 19); }));
  await page.getByRole('button', { name: 'Look it up' }).click();
  await page.getByText(/Version 2 stood on production/).waitFor();
  await page.getByText(/approved by lena, rita|approved by rita, lena/).waitFor();
  await page.getByText('it stands there to this day').waitFor();
  await page.getByRole('button', { name: 'refused' }).click();
  await page.waitForURL(/action=%2Arefused|action=\*refused/);
  const rows = page.locator('section[aria-labelledby="entries"] tbody tr');
  await page.waitForFunction(() => [...document.querySelectorAll('section[aria-labelledby="entries"] tbody tr')].every((row) => row.textContent.includes('refused')));
  assert.ok((await rows.count()) >= 1);
  await page.reload();
  await page.waitForFunction(() => { const rows = [...document.querySelectorAll('section[aria-labelledby="entries"] tbody tr')]; return rows.length > 0 && rows.every((row) => row.textContent.includes('refused')); });
  assert.deepEqual(page.faults, []);
});

test('lineage as it was', async () => {
  const page = await stage.page('otto');
  await page.goto('/lineage?node=model/loan-risk@2');
  const past = page.getByRole('button', { name: 'Earlier' });
  await page.getByRole('heading', { name: 'As a list' }).waitFor();
  await page.goto(`/lineage?node=model/loan-risk@2&at=${encodeURIComponent(governed.before)}`);
  await page.getByText(/^0 connections as of/).waitFor();
  await page.getByText('Nothing was connected to it then.').waitFor();
  assert.ok(await past.isDisabled());
  await page.getByRole('button', { name: 'Now' }).click();
  await page.getByText(/now\.$/).waitFor();
  await page.locator('svg').getByText('production').waitFor();
  assert.deepEqual(page.faults, []);
});

test('a policy is tested and tried from its page', async () => {
  const page = await stage.page('otto');
  await page.goto('/policies/four-eyes');
  await page.getByLabel('Tests in Rego').fill('package regesta.gate_test\n\nimport data.regesta.gate\n\ntest_without_a_card_refused if count(gate.deny) == 1 with input as {"candidate": {"card": false}}\n\ntest_wrong if count(gate.deny) == 7 with input as {"candidate": {"card": false}}\n');
  await page.getByRole('button', { name: 'Run them' }).click();
  await page.getByText('1 passed, 1 failed.').waitFor();
  await page.getByRole('listitem').filter({ hasText: 'test_wrong' }).getByText('failed', { exact: true }).waitFor();
  await page.getByLabel(/^Asset/).selectOption('prompt/loan-summary');
  await page.getByRole('button', { name: 'Try', exact: true }).click();
  await page.getByText('It would be refused.').waitFor();
  await page.locator('section[aria-labelledby="try"]').getByText('there is no model card').waitFor();
  await page.getByLabel(/^Asset/).selectOption('model/loan-risk');
  await page.getByRole('button', { name: 'Try', exact: true }).click();
  await page.getByText('A change request would open, and wait.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Guard something…' }).count(), 0);
  const anna = await stage.page('anna');
  await anna.goto('/policies/four-eyes');
  await anna.getByRole('button', { name: 'Guard something…' }).click();
  await anna.getByLabel('Names', { exact: true }).fill('fraud-*');
  await anna.getByRole('button', { name: 'Guard it' }).click();
  await anna.getByRole('button', { name: 'Take the guard off production of fraud-*' }).click();
  await anna.getByRole('button', { name: 'Really' }).click();
  await anna.getByText('fraud-*').waitFor({ state: 'detached' });
  assert.deepEqual([...page.faults, ...anna.faults], []);
});

test('settings: users, tokens, webhooks', async () => {
  const heard = [];
  const receiver = createServer((request, answer) => { request.resume(); heard.push(request.headers['webhook-id']); answer.writeHead(204).end(); });
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  try {
    const page = await stage.page('anna');
    await page.goto('/settings');
    await page.getByText('✓ ready').waitFor();
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByText('✓ agrees').waitFor();
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByLabel('Name', { exact: true }).fill('pipeline');
    await page.getByRole('button', { name: 'Make token' }).click();
    const secret = await page.getByTestId('secret').textContent();
    const me = () => fetch(`${stage.url}/api/v1/users/me`, { headers: { Authorization: `Bearer ${secret}` } }).then((answer) => answer.status);
    assert.equal(await me(), 200);
    await page.reload();
    await page.getByText('pipeline').waitFor();
    assert.equal(await page.getByTestId('secret').count(), 0);
    await page.getByRole('button', { name: 'Revoke pipeline' }).click();
    await page.getByRole('button', { name: 'Really revoke' }).click();
    await page.getByText('None yet.').waitFor();
    assert.equal(await me(), 401);

    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByRole('button', { name: 'Change otto' }).click();
    await page.getByRole('group', { name: 'Grants' }).getByLabel('role').fill('auditor');
    await page.getByRole('button', { name: 'Save the grants' }).click();
    await page.getByRole('listitem').filter({ hasText: 'otto' }).getByText('auditor').waitFor();

    await page.getByRole('link', { name: 'Webhooks' }).click();
    await page.getByText('Nobody is told of anything yet.').waitFor();
    await page.getByLabel('address').fill(`http://127.0.0.1:${receiver.address().port}/hook`);
    await page.getByLabel('actions').fill('alias.*');
    await page.getByRole('button', { name: 'Make webhook' }).click();
    assert.match(await page.getByTestId('secret').textContent(), /^whsec_/);
    await page.getByRole('link', { name: 'Send a test' }).click();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('✓ arrived').waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('what for').fill('the room');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('the room').waitFor();
    await stage.call('anna', 'PUT', '/api/v1/assets/prompt/other-chat/aliases/staging', { version: 2 });
    await page.getByRole('cell', { name: 'alias.moved' }).waitFor();
    assert.ok(heard.length >= 2);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('paused', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Really delete' }).click();
    await page.getByText('Nobody is told of anything yet.').waitFor();
    assert.deepEqual(page.faults, []);
    const rita = await stage.page('rita');
    await rita.goto('/settings/tokens');
    await rita.getByText('regesta user grant rita --grant risk --grant admin').waitFor();
  } finally {
    receiver.close();
  }
});
