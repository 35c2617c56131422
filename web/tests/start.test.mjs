// What people begin and end by themselves: a rollout from a prompt's page, and their own sessions.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { eventually } from './eventually.mjs';
import { Stage } from './stage.mjs';

const hostile = '<img src=x onerror="window.pwned=1">';

let stage;
before(async () => {
  stage = await new Stage().open();
  await stage.fill();
  for (const template of ['Hello {{name}}', 'Good day, {{name}}'])
    await stage.call('anna', 'POST', '/api/v1/prompts/greeting/versions', { template });
  await stage.call('anna', 'PUT', '/api/v1/assets/prompt/greeting/aliases/production', { version: 1 });
});
after(() => stage.close());

async function form(user, prompt) {
  const page = await stage.page(user);
  await page.goto(`/prompts/${prompt}?version=2`);
  await page.getByRole('button', { name: 'Start a rollout…' }).click();
  return { page, form: page.getByRole('form', { name: 'Start a rollout' }) };
}

test('a plan with mistakes: each is said at its field', async () => {
  const { page, form: plan } = await form('anna', 'greeting');
  const start = plan.getByRole('button', { name: 'Start rollout' });
  const wrong = async (field, words) => {
    await start.click();
    await plan.getByText(words).waitFor();
    await eventually(async () =>
      assert.equal(
        await page.evaluate(
          () =>
            document.activeElement.getAttribute('aria-label') ??
            document.activeElement.closest('label').firstChild.textContent,
        ),
        field,
      ),
    );
    await eventually(async () => assert.equal(await plan.locator('[aria-invalid]').count(), 1));
  };
  await plan.getByLabel('Share in step 1, percent').fill('200');
  await wrong('Share in step 1, percent', /must be a percentage from 0 to 100/);
  await plan.getByLabel('Share in step 1, percent').fill(hostile);
  await wrong('Share in step 1, percent', /must be a number/);
  await plan.getByLabel('Share in step 1, percent').fill('60');
  await wrong('Share in step 2, percent', /must be more than in the step before/);
  await plan.getByLabel('Share in step 1, percent').fill('10');
  await plan.getByLabel('Duration of step 2').fill('soon');
  await wrong('Duration of step 2', /a number with s, m, h or d/);
  await plan.getByLabel('Duration of step 2').fill('');
  await plan.getByRole('button', { name: 'Add a guard' }).click();
  await wrong('Metric', /is required/);
  await plan.getByLabel('Metric').fill('helpfulness');
  await plan.getByLabel('To', { exact: true }).fill('0');
  await wrong('To', /must be above min/);
  assert.deepEqual(await violations(page), []);
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.deepEqual(page.faults, []);
});

test('a rollout is started as planned, and its page opens', async () => {
  const { page, form: plan } = await form('anna', 'greeting');
  await plan.getByRole('button', { name: 'Remove step 2' }).click();
  await plan.getByLabel('Duration of step 1').fill('30m');
  await plan.getByRole('button', { name: 'Add a guard' }).click();
  await plan.getByLabel('Metric').fill('latency_ms');
  await plan.getByLabel('Better when').selectOption('lower');
  await plan.getByLabel('To', { exact: true }).fill('5000');
  await plan.getByLabel('If worse').selectOption('Pause');
  await plan.getByLabel('Reason').fill(hostile);
  await plan.getByRole('button', { name: 'Start rollout' }).click();
  await page.getByRole('heading', { level: 1, name: /greeting: version 2/ }).waitFor();
  assert.match(page.url(), /\/rollouts\/greeting\/\d+$/);
  const [rollout] = (await stage.call('anna', 'GET', '/api/v1/prompts/greeting/rollouts')).items;
  assert.deepEqual(
    rollout.steps.map(({ weight, bake_seconds }) => [weight, bake_seconds]),
    [
      [10, 1800],
      [100, 3600],
    ],
  );
  assert.deepEqual(
    rollout.guards.map(({ metric, direction, max, role }) => [metric, direction, max, role]),
    [['latency_ms', 'lower', 5000, 'signal']],
  );
  assert.equal(rollout.reason, hostile);
  await page.getByText(hostile).first().waitFor();
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.deepEqual(page.faults, []);
});

test('behind a gate it becomes a change request; who may not start one reads why', async () => {
  const { page, form: plan } = await form('anna', 'loan-summary');
  await plan.getByRole('button', { name: 'Start rollout' }).click();
  await plan.getByRole('link', { name: /change request \d+/ }).click();
  await page.getByText('as a rollout').waitFor();
  await page.goto('/prompts/loan-summary');
  await page.getByText(/^Change request #\d+ is open: promote version 2 to production, as a rollout\.$/).waitFor();
  await page.goto('/changes');
  await page.getByText('as a rollout').waitFor();
  const otto = await stage.page('otto');
  await otto.goto('/prompts/loan-summary');
  await otto.getByText(/You need the contributor role to start a rollout/).waitFor();
  assert.equal(await otto.getByRole('button', { name: 'Start a rollout…' }).count(), 0);
  assert.deepEqual([...page.faults, ...otto.faults], []);
});

test('what is asked before a screen is there is asked once, and taken', async () => {
  const page = await stage.page('anna');
  const runs = [
    '/runs',
    '/runs?columns=metrics.accuracy',
    `/runs/${stage.runs[0]}`,
    `/runs/compare?runs=${stage.runs}`,
    `/runs/compare?runs=${stage.runs}&metrics=accuracy`,
  ];
  for (const address of ['/', '/prompts/greeting', '/changes/1', '/ledger', ...runs]) {
    const asked = [];
    const hear = (request) => {
      if (request.url().includes('/api/v1/') && !request.url().endsWith('/changes')) asked.push(request.url());
    };
    page.on('request', hear);
    await page.goto(address);
    await page.locator('main[aria-busy="false"]').waitFor();
    page.off('request', hear);
    assert.deepEqual(
      asked.filter((url, i) => asked.indexOf(url) !== i),
      [],
      address,
    );
    // In other words it would be asked twice, too: a list of runs is asked for once, and curves.
    for (const question of runs.includes(address) ? ['/runs?', '/curves?'] : [])
      assert.ok(asked.filter((url) => url.includes(question)).length <= 1, `${address}: ${asked}`);
  }
});

test('my sessions: this one is marked, another is ended, and its page signs in again', async () => {
  const here = await stage.page('rita');
  const there = await stage.page('rita', {
    userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1',
  });
  const evil = await stage.page('rita', { userAgent: hostile });
  await stage.page('otto'); // somebody else's are not listed
  await here.goto('/settings/sessions');
  const rows = here.getByRole('listitem').filter({ hasText: 'last used' });
  await rows.filter({ hasText: hostile }).waitFor();
  await eventually(async () => assert.equal(await rows.count(), 3));
  await eventually(async () =>
    assert.equal(await rows.filter({ hasText: 'this browser' }).getByRole('button').textContent(), 'Sign out'),
  );
  await here.getByRole('button', { name: 'End session on Safari on iPhone' }).click();
  await here.getByRole('button', { name: 'End session', exact: true }).click();
  await rows.filter({ hasText: 'iPhone' }).waitFor({ state: 'detached' });
  await there.goto('/prompts');
  await there.getByRole('heading', { name: 'Regesta' }).waitFor();
  await evil.goto('/prompts');
  await evil.getByRole('heading', { level: 1, name: 'Prompts' }).waitFor();
  assert.equal(await here.evaluate(() => window.pwned), undefined);
  await rows.filter({ hasText: 'this browser' }).getByRole('button', { name: 'Sign out' }).click();
  await here.getByLabel('Password').waitFor();
  assert.deepEqual([...here.faults, ...evil.faults], []);
});

test('a frame that cannot be loaded says so', async () => {
  const page = await stage.page();
  await page.route('**/assets/app-*.js', (asked) => asked.abort());
  await page.goto('/');
  await page.getByText('Regesta could not be loaded.').waitFor();
});
