// Comments on a line of what would change: under that line, in the discussion with a link to it, and in the ledger.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from './eventually.mjs';
import { Stage } from './stage.mjs';

const hostile = '<img src=x onerror="window.pwned=1"> [look](javascript:window.pwned=1)';
let stage, request;
before(async () => {
  stage = await new Stage().open();
  await stage.fill();
  const prompt = (template) => stage.call('anna', 'POST', '/api/v1/prompts/loan-letter/versions', { template });
  await prompt('Dear {{name}},\nwe are sorry.\nYours\nP.S. Call us.');
  await stage.call('anna', 'DELETE', '/api/v1/policies/bindings/1');
  await stage.call('anna', 'PUT', '/api/v1/assets/prompt/loan-letter/aliases/production', { version: 1 });
  await stage.call('anna', 'POST', '/api/v1/policies/bindings', {
    kind: 'prompt',
    name_pattern: 'loan-*',
    pointer: 'production',
    policy: 'two-eyes',
  });
  await prompt('Dear {{name}},\nwe are very sorry.\nYours');
  request = (await stage.call('anna', 'PUT', '/api/v1/assets/prompt/loan-letter/aliases/production', { version: 2 }))
    .change_request.id;
});
after(() => stage.close());

test('a line is commented on by keyboard; others see it there and in the discussion', async () => {
  const rita = await stage.page('rita'),
    anna = await stage.page('anna');
  await Promise.all([rita, anna].map((page) => page.goto(`/changes/${request}`)));
  await rita.getByRole('button', { name: 'Comment on line 1', exact: true }).focus();
  await rita.keyboard.press('ArrowDown');
  await eventually(async () =>
    assert.match(await rita.evaluate(() => document.activeElement.getAttribute('aria-label')), /^Comment on line 2/),
  );
  while ((await rita.evaluate(() => document.activeElement.getAttribute('aria-label'))) !== 'Comment on line 2')
    await rita.keyboard.press('ArrowDown');
  await rita.keyboard.press('Enter');
  await rita.getByRole('textbox', { name: 'Comment on line 2', exact: true }).fill(`Too *much*? ${hostile}`);
  await rita.locator('#line-new-1-2').getByRole('button', { name: 'Comment', exact: true }).click();
  const line = anna.locator('#line-new-1-2');
  await line.getByText('Too much?').waitFor();
  await eventually(async () => assert.match(await line.textContent(), /we are very sorry\./));
  await anna.getByLabel('Comments').getByRole('link', { name: 'line 2' }).click();
  await eventually(async () => assert.equal(await anna.evaluate(() => document.activeElement.id), 'line-new-1-2'));
  for (const page of [rita, anna]) {
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator('main :is(.prose img, .prose script, a[href^="javascript"])').count(), 0);
    assert.deepEqual(page.faults, []);
  }
  const [entry] = (
    await stage.call(
      'anna',
      'GET',
      `/api/v1/ledger/entries?subject=change-request/${request}&action=change-request.commented`,
    )
  ).items;
  assert.equal(entry.body.data.place, 'new:1:2');
  assert.equal((await stage.call('anna', 'POST', '/api/v1/ledger/verify')).ok, true);
});

test('what is gone is commented on where it was; who may not speak has no buttons', async () => {
  const rita = await stage.page('rita');
  await rita.goto(`/changes/${request}`);
  await rita.getByRole('button', { name: 'Comment on line 4 as it was' }).click();
  await rita.getByRole('textbox', { name: 'Comment on line 4 as it was' }).fill('Why?');
  await rita.keyboard.press('Tab');
  await rita.keyboard.press('Enter');
  await rita.locator('#line-old-1-4').getByText('Why?').waitFor();
  const otto = await stage.page('otto');
  await otto.goto(`/changes/${request}`);
  await otto.locator('#line-old-1-4').getByText('Why?').waitFor();
  assert.equal(await otto.getByRole('button', { name: /^Comment on line/ }).count(), 0);
  assert.deepEqual([...rita.faults, ...otto.faults], []);
});

test('the first version on an alias has no difference, and its lines are commented on as they stand', async () => {
  await stage.call('anna', 'POST', '/api/v1/prompts/loan-first/versions', {
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Dear {{name}},\nhello.' },
    ],
  });
  const first = (await stage.call('anna', 'PUT', '/api/v1/assets/prompt/loan-first/aliases/production', { version: 1 }))
    .change_request.id;
  const rita = await stage.page('rita');
  await rita.goto(`/changes/${first}`);
  await rita.getByRole('button', { name: 'Comment on line 2 of text 2' }).click();
  await rita.getByRole('textbox', { name: 'Comment on line 2 of text 2' }).fill('Warmer?');
  await rita.locator('#line-new-2-2').getByRole('button', { name: 'Comment', exact: true }).click();
  await rita.locator('#line-new-2-2').getByText('Warmer?').waitFor();
  await eventually(async () => assert.match(await rita.locator('#line-new-2-2').textContent(), /hello\./));
  await rita.getByLabel('Comments').getByRole('link', { name: 'line 2 of text 2' }).waitFor();
  assert.deepEqual(rita.faults, []);
});
