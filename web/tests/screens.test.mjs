// Every screen: it shows what it is about, in light and dark, wide and narrow, without a finding of axe, a fault in the
// console or a page that scrolls sideways. REGESTA_SCREENSHOTS=FOLDER keeps the pictures.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sizes } from '../../bench/web/measure.mjs';
import { targetSize, violations } from './axe.mjs';
import { eventually } from './eventually.mjs';
import { fillGoverned, report, rolloutOf } from './governed.mjs';
import { people, Stage } from './stage.mjs';
import { fillTested } from './tested.mjs';

const keep = process.env.REGESTA_SCREENSHOTS;
if (keep) mkdirSync(keep, { recursive: true });

let stage, decision, governed, running, reverted, sealed;
before(async () => {
  stage = await new Stage().open();
  await stage.fill();
  await stage.call('anna', 'PUT', '/api/v1/assets/prompt/loan-summary/aliases/production', { version: 2 });
  await stage.rollOut();
  governed = await fillGoverned(stage);
  sealed = await fillTested(stage);
  decision = (await stage.call('anna', 'GET', '/api/v1/change-requests/1')).decision;
  const waiver = { kind: 'model', name_pattern: 'loan-*', pointer: 'production', code: 'card', reason: 'a trial' };
  await stage.call('anna', 'POST', '/api/v1/waivers', {
    ...waiver,
    role: 'risk',
    expires_at: new Date(Date.now() + 86_400_000).toISOString(),
  });
  running = await rolloutOf(stage, 'running-chat');
  await report(stage, 'running-chat', 12, 0.9, 0.85);
  reverted = await rolloutOf(stage, 'reverted-chat');
  await report(stage, 'reverted-chat', 200, 0.9, 0.1);
  await stage.call('anna', 'POST', '/api/v1/webhooks', {
    url: 'http://127.0.0.1:9/hook',
    actions: ['alias.*'],
    description: 'a room that is not there',
  });
});
after(() => stage.close());

const screens = [
  ['home', () => '/', 'Home'],
  ['prompts', () => '/prompts', 'Prompts'],
  ['prompt', () => '/prompts/loan-summary', 'loan-summary'],
  ['datasets', () => '/datasets', 'Datasets'],
  ['dataset', () => '/datasets/holdout', 'holdout'],
  ['models-empty', () => '/models', 'Models'],
  ['changes', () => '/changes', 'Change requests'],
  ['change', () => '/changes/1', /loan-summary: promote/],
  ['decision', () => `/decisions/${decision}`, /^Decision/],
  ['waivers', () => '/waivers', 'Waivers and break-glass'],
  ['waiver', () => '/waivers?waiver=1&request=1', 'Waivers and break-glass'],
  ['delegates', () => '/settings/delegates', 'Settings'],
  ['runs', () => '/runs', 'Runs'],
  ['run', () => `/runs/${stage.runs[2]}`, 'run-2'],
  ['runs-parallel', () => '/runs?experiment=1&view=parallel', 'Runs'],
  ['compare', () => `/runs/compare?runs=${stage.runs}`, 'Compare 3 runs'],
  ['compare-none', () => '/runs/compare', 'Compare 0 runs'],
  ['golden', () => '/golden', 'Golden tests'],
  ['golden-rule', () => '/golden?rule=scores', 'Golden tests'],
  ['records', () => '/records', 'Decision records'],
  ['record', () => `/records?record=${sealed.first}`, 'Decision records'],
  ['ledger', () => '/ledger', 'Ledger'],
  ['entry', () => '/ledger?entry=4', 'Ledger'],
  ['policies', () => '/policies', 'Policies'],
  ['policy', () => '/policies/two-eyes', 'two-eyes'],
  ['lineage', () => '/lineage?node=prompt/loan-summary@1', /Lineage/],
  ['change-model', () => `/changes/${governed.request}`, /loan-risk: promote/],
  ['model', () => '/models/loan-risk?version=2&with=1', 'loan-risk'],
  ['rollout', () => `/rollouts/running-chat/${running.id}`, /running-chat: version 2/],
  ['rollout-reverted', () => `/rollouts/reverted-chat/${reverted.id}`, /reverted-chat: version 2/],
  [
    'ledger-moment',
    () => `/ledger?asset=model/loan-risk&pointer=production&at=${new Date().toISOString()}&action=alias.*`,
    'Ledger',
  ],
  ['lineage-past', () => `/lineage?node=model/loan-risk@2&at=${governed.before}`, /Lineage/],
  ['lineage-model', () => '/lineage?node=model/loan-risk@2', /Lineage/],
  ['policy-bound', () => '/policies/four-eyes', 'four-eyes'],
  ['storage', () => '/settings/storage', 'Settings'],
  ['retention', () => '/settings/retention', 'Settings'],
  ['jobs', () => '/settings/jobs', 'Settings'],
  ['users', () => '/settings/users', 'Settings'],
  ['tokens', () => '/settings/tokens', 'Settings'],
  ['webhooks', () => '/settings/webhooks', 'Settings'],
  ['webhook', () => '/settings/webhooks/1', 'Settings'],
  ['settings', () => '/settings', 'Settings'],
  ['sessions', () => '/settings/sessions', 'Settings'],
  ['search', () => '/search?q=loan', 'Search'],
  ['missing', () => '/nowhere', /Page not found/],
];
const looks = [
  ['light', 1440],
  ['dark', 1440],
  ['light', 390],
  ['dark', 390],
];

for (const [scheme, width] of looks)
  test(`every screen, ${scheme}, ${width} px`, async () => {
    const page = await stage.page('anna', { colorScheme: scheme, viewport: { width, height: 900 } });
    for (const [name, address, heading] of screens) {
      await page.goto(address());
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await page.waitForLoadState('load');
      await page.waitForTimeout(250);
      if (keep) await page.screenshot({ path: join(keep, `${name}-${scheme}-${width}.png`), fullPage: true });
      await eventually(async () => {
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px`);
      });
      await eventually(async () => {
        for (const place of await page.locator('nav [aria-current]').all()) {
          const present = await place.boundingBox();
          assert.ok(present.x >= 0 && present.x + present.width <= width, `${name}: the present place is out of view`);
        }
      });
      const found = await violations(page, targetSize);
      assert.deepEqual(
        found.map((each) => `${name}: ${each}`),
        [],
      );
    }
    assert.deepEqual(page.faults, []);
  });

test('hostile content is shown and never run', async () => {
  const hostile = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>[x](javascript:window.pwned=1)';
  await stage.call('anna', 'POST', '/api/v1/prompts/hostile/versions', { template: hostile, description: hostile });
  await stage.call('anna', 'POST', '/api/v1/assets', {
    kind: 'model',
    name: 'evil',
    description: hostile,
    tags: { a: hostile },
  });
  await stage.call('anna', 'POST', '/api/v1/assets/model/evil/versions', { source: 's3://b/m', description: hostile });
  await stage.call('anna', 'POST', '/api/v1/evidence', {
    asset: { kind: 'model', name: 'evil', version: 1 },
    type: 'card',
    body: `# Card\n\n${hostile}\n\n![x](http://example.org/x.png)`,
  });
  const page = await stage.page('anna');
  for (const address of ['/prompts/hostile', '/models/evil', '/models', '/ledger', '/']) {
    await page.goto(address);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => window.pwned), undefined, address);
  }
  await page.goto('/models/evil');
  await page.getByRole('heading', { name: 'Card' }).waitFor();
  assert.equal(await page.locator('.prose img, .prose script, .prose a[href^="javascript"]').count(), 0);
});

test('a change request compares the fairness of both versions', async () => {
  const page = await stage.page('anna');
  await page.goto(`/changes/${governed.request}`);
  await page.getByRole('row', { name: /parity ratio by race/ }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('long words stay in their places', async () => {
  const long = 'x'.repeat(110),
    wide = 'w'.repeat(300);
  await stage.call('anna', 'POST', `/api/v1/prompts/${long}/versions`, { template: wide, description: wide });
  await stage.call('anna', 'POST', '/api/v1/assets', { kind: 'model', name: `m-${long}`, description: wide });
  await stage.call('anna', 'POST', `/api/v1/assets/model/m-${long}/versions`, {
    source: `s3://bucket/${wide}`,
    description: wide,
  });
  await stage.call('anna', 'POST', '/api/2.0/mlflow/runs/create', {
    experiment_id: '1',
    run_name: wide,
    start_time: Date.now(),
  });
  for (const width of [1440, 390]) {
    const page = await stage.page('anna', { viewport: { width, height: 900 } });
    for (const address of [
      '/',
      '/prompts',
      `/prompts/${long}`,
      '/models',
      `/models/m-${long}`,
      '/policies/two-eyes',
      '/ledger',
      '/runs?experiment=1',
      '/search?q=x',
    ]) {
      await page.goto(address);
      await page.locator('main[aria-busy="false"]').waitFor();
      await page.waitForTimeout(200);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(over <= 0, `${address} scrolls sideways by ${over} px at ${width}`);
    }
    const column = await page
      .goto('/runs?experiment=1')
      .then(() => page.locator('tr.run td.name').first().boundingBox());
    assert.ok(column.width < 300, `a run's name takes ${column.width} px`);
  }
});

test('who has no role reads so, and no server is away', async () => {
  await stage.call('anna', 'POST', '/api/v1/users', { name: 'nora', password: people.otto, grants: [] });
  const page = await stage.page();
  await page.goto('/settings');
  await page.getByLabel('Name').fill('nora');
  await page.getByLabel('Password').fill(people.otto);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('You have no role yet').waitFor();
  await page.waitForTimeout(800);
  assert.equal(await page.getByText('Connection lost').count(), 0);
});

test('the server away: a banner, the last data, and recovery by itself', async () => {
  const page = await stage.page('anna');
  await page.getByRole('cell', { name: 'loan-summary' }).waitFor();
  await stage.stop();
  await page.getByText('Connection lost').waitFor();
  assert.equal(await page.getByRole('cell', { name: 'loan-summary' }).count(), 1);
  await stage.start(new URL(stage.url).host);
  await page.getByText('Connection lost').waitFor({ state: 'detached' });
});

test('⌘K finds by name', async () => {
  const page = await stage.page('anna');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('loan-s');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'loan-summary' }).waitFor();
});

test('the page holds to its budget', async () => {
  const { script, style } = await sizes(stage);
  assert.ok(script > 0 && script <= 60_000, `initial JS ${script}`);
  assert.ok(style > 0 && style <= 15_000, `CSS ${style}`);
});
