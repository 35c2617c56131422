// Runs: search and sort on the server, virtual rows, comparison, and live updates while runs log.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from './eventually.mjs';
import { Stage } from './stage.mjs';

const many = 1200;
let stage, experiment;
const mlflow = (path, body) => stage.call('anna', 'POST', `/api/2.0/mlflow/${path}`, body);
async function makeRun(name, start, more = {}) {
  const { run } = await mlflow('runs/create', {
    experiment_id: experiment,
    run_name: name,
    start_time: start,
    user_id: 'anna',
  });
  await mlflow('runs/log-batch', { run_id: run.info.run_id, ...more });
  return run.info.run_id;
}
const metric = (key, value, step = 0) => ({ key, value, timestamp: 1_700_000_000_000 + step * 1000, step });

before(async () => {
  stage = await new Stage().open();
  await stage.fill();
  experiment = (await mlflow('experiments/create', { name: 'many' })).experiment_id;
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < many) {
        const i = next++;
        await makeRun(`run-${String(i).padStart(4, '0')}`, 1_700_000_000_000 + i * 1000, {
          params: [
            { key: 'depth', value: String(i % 7) },
            { key: 'kind', value: i % 2 ? 'tree' : 'forest' },
          ],
          metrics: [metric('accuracy', i / many), metric('val/loss', 1 - i / many)],
        });
      }
    }),
  );
});
after(() => stage.close());

const count = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();
const sortBy = (page, name) => page.getByRole('columnheader', { name }).getByRole('button').click();

test('the server searches and sorts; search, order and columns stand in the address', async () => {
  const page = await stage.page('anna');
  await page.goto(`/runs?experiment=${experiment}`);
  await count(page, '1,200 runs');
  await page.getByLabel('Filter').fill("params.depth = '3' and metrics.accuracy > 0.9");
  await count(page, '17 runs match');
  assert.equal(new URL(page.url()).searchParams.get('filter'), "params.depth = '3' and metrics.accuracy > 0.9");

  // An invalid filter shows the server's message and keeps the previous rows.
  await page.getByLabel('Filter').fill('accuracy is great');
  await page.getByText('Press Enter to apply the filter.').waitFor();
  assert.equal(await page.getByRole('alert').count(), 0, 'half a filter is no mistake');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await eventually(async () => assert.ok((await page.locator('tr.run a').count()) > 0));
  await page.getByLabel('Filter').fill('');
  await count(page, '1,200 runs');

  await sortBy(page, 'accuracy');
  await page.locator('#run-0').getByText('run-1199').waitFor();
  await eventually(async () =>
    assert.equal(await page.getByRole('columnheader', { name: 'accuracy' }).getAttribute('aria-sort'), 'descending'),
  );
  await sortBy(page, 'accuracy');
  await page.locator('#run-0').getByText('run-0000').waitFor();
  // A key with odd characters is sorted by, too.
  await sortBy(page, 'val/loss');
  await page.locator('#run-0').getByText('run-0000').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('order'), 'metrics.`val/loss` DESC');

  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'kind' }).uncheck();
  await page.getByRole('button', { name: 'Move params.depth to the left' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  const columns = new URL(page.url()).searchParams.get('columns').split(',');
  assert.ok(!columns.includes('params.kind') && columns.indexOf('params.depth') === 1, columns.join());
  // Another time, without the address, they are as they were left.
  await page.goto(`/runs?experiment=${experiment}`);
  await page.getByRole('columnheader', { name: 'depth' }).waitFor();
  assert.equal(await page.getByRole('columnheader', { name: 'kind' }).count(), 0);
  assert.deepEqual(page.faults, []);
});

test('only the rows in view are in the page, and every row can be reached', async () => {
  const page = await stage.page('anna');
  await page.goto(`/runs?experiment=${experiment}`);
  const grid = page.getByRole('grid', { name: 'Runs' });
  await page.locator('#run-0').getByText('run-1199').waitFor();
  await eventually(async () => assert.equal(await grid.getAttribute('aria-rowcount'), String(many + 1)));
  await eventually(async () => assert.ok((await page.locator('tr.run').count()) < 80));
  await grid.focus();
  await page.keyboard.press('End');
  await page
    .locator(`#run-${many - 1}`)
    .getByText('run-0000')
    .waitFor();
  await eventually(async () => assert.ok((await page.locator('tr.run').count()) < 80));
  await eventually(async () => assert.equal(await grid.getAttribute('aria-activedescendant'), `run-${many - 1}`));
  await page.locator('.window').evaluate((box) => {
    box.scrollTop = box.scrollHeight / 2;
  });
  await page.locator('#run-600').getByText('run-0599').waitFor();
  assert.deepEqual(page.faults, []);
});

test('runs are chosen by keyboard and compared: curves, parallel coordinates, and what differs', async () => {
  const page = await stage.page('anna');
  await page.goto(`/runs?experiment=1`);
  await page.locator('#run-2').getByText('run-0').waitFor();
  await page.getByRole('grid').focus();
  await page.keyboard.press('Space');
  await eventually(async () => assert.equal(await page.locator('#run-0').getAttribute('aria-selected'), 'true'));
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.getByText('3 selected').waitFor();
  await page.keyboard.press('c');
  await page.getByRole('heading', { level: 1, name: 'Compare 3 runs' }).waitFor();
  assert.deepEqual(new URL(page.url()).searchParams.get('runs').split(',').toSorted(), stage.runs.toSorted());

  const plot = page.getByRole('slider', { name: 'accuracy' });
  await plot.waitFor();
  await page.locator('.course').nth(2).waitFor({ state: 'attached' });
  await eventually(async () => assert.equal(await page.locator('.course').count(), 3));
  await plot.focus();
  await page.keyboard.press('End');
  await eventually(async () => assert.match(await plot.getAttribute('aria-valuetext'), /^step 9: .*run-0 0\.89/));
  await page.getByText('accuracy as a table').click();
  await page
    .getByRole('table')
    .filter({ hasText: 'Step' })
    .getByRole('cell', { name: '0.87', exact: true })
    .first()
    .waitFor();

  const params = page.getByRole('region', { name: 'Params' });
  await params.getByRole('rowheader', { name: /differs: depth/ }).waitFor();
  await page.getByRole('region', { name: 'Metrics' }).getByText('highest').waitFor({ state: 'attached' });

  // Parallel coordinates by keyboard: one stop, then from line to line.
  const lines = page.getByRole('group', { name: /Parallel coordinates/ }).getByRole('link');
  await eventually(async () => assert.equal(await lines.count(), 3));
  await page.locator('svg a[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  const first = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  await page.keyboard.press('ArrowUp');
  const second = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  assert.match(first, /^run-\d: depth \d, accuracy/);
  assert.notEqual(first, second);
  await page.getByText('3 runs as a table').click();
  await page.getByRole('columnheader', { name: 'depth' }).waitFor();

  await page.getByRole('button', { name: 'Remove run-1' }).click();
  await page.getByRole('heading', { level: 1, name: 'Compare 2 runs' }).waitFor();
  // The address alone brings all of it back.
  await page.getByLabel('X axis').selectOption('relative');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Compare 2 runs' }).waitFor();
  await eventually(async () => assert.equal(await page.getByLabel('X axis').inputValue(), 'relative'));
  assert.deepEqual(page.faults, []);
});

test('while a run logs, its page, the table and the comparison follow without a reload', async () => {
  const id = await makeRun('alive', Date.now(), { metrics: [metric('score', 0.1, 0), metric('score', 0.2, 1)] });
  const run = await stage.page('anna'),
    table = await stage.page('anna'),
    both = await stage.page('anna');
  await run.goto(`/runs/${id}`);
  await table.goto(`/runs?experiment=${experiment}&columns=metrics.score`);
  await both.goto(`/runs/compare?runs=${id},${stage.runs[0]}&metrics=score`);
  await run.getByRole('cell', { name: '0.2', exact: true }).waitFor();
  await table.locator('#run-0').getByText('0.2', { exact: true }).waitFor();
  const curve = both.locator('.course');
  await curve.waitFor({ state: 'attached' });
  const before = await curve.getAttribute('d');

  await mlflow('runs/log-batch', { run_id: id, metrics: [metric('score', 0.77, 2)] });
  await run.getByRole('cell', { name: '0.77', exact: true }).waitFor();
  await table.locator('#run-0').getByText('0.77', { exact: true }).waitFor();
  await both.waitForFunction((old) => document.querySelector('.course')?.getAttribute('d') !== old, before);
  await mlflow('runs/update', { run_id: id, status: 'FINISHED', end_time: Date.now() });
  await run.getByText('Finished', { exact: true }).waitFor();
  await table.locator('#run-0').getByText('Finished').waitFor();
  assert.deepEqual([...run.faults, ...table.faults, ...both.faults], []);
});

test('asking again costs the server no answer while nothing changed', async () => {
  const id = await makeRun('quiet', Date.now(), { metrics: [metric('score', 0.1, 0), metric('score', 0.2, 1)] });
  const page = await stage.page('anna');
  const asked = page.waitForResponse((answer) => answer.url().includes('/runs/curves') && answer.status() === 304, {
    timeout: 60_000,
  });
  await page.goto(`/runs/${id}`);
  await asked;
  assert.deepEqual(page.faults, []);
});

test('the screen stays while only its query changes: who types goes on typing', async () => {
  const page = await stage.page('anna');
  await page.goto(`/runs?experiment=${experiment}`);
  await page.locator('tr.run a').first().waitFor();
  await page.route('**/api/v1/runs?*', async (asked) => {
    await new Promise((ok) => setTimeout(ok, 300));
    await asked.continue();
  });
  await page.evaluate(() => {
    globalThis.hidings = 0;
    new MutationObserver(() => {
      if (document.querySelector('main > div').hidden) ++globalThis.hidings;
    }).observe(document.querySelector('main > div'), { attributes: true });
  });
  const field = page.getByLabel('Filter');
  await field.pressSequentially("params.depth = '3'");
  await count(page, 'match');
  await eventually(async () => assert.equal(await field.evaluate((it) => it === document.activeElement), true));
  await page.keyboard.type(' and metrics.accuracy > 0.9');
  await count(page, '17 runs match');
  assert.equal(await page.evaluate(() => globalThis.hidings), 0);
  assert.deepEqual(page.faults, []);
});

test('Back leads to the view before', async () => {
  const page = await stage.page('anna');
  await page.goto(`/runs?experiment=${experiment}`);
  await page.locator('tr.run a').first().waitFor();
  await page.getByRole('button', { name: 'Parallel' }).click();
  await page.getByRole('heading', { name: 'Parallel coordinates' }).waitFor();
  await page.goBack();
  await page.locator('tr.run a').first().waitFor();
  assert.deepEqual(page.faults, []);
});

test('Back leads to the row and the choice that were left', async () => {
  const page = await stage.page('anna');
  await page.goto(`/runs?experiment=${experiment}&order=metrics.accuracy DESC`);
  await page.getByRole('grid').focus();
  for (let i = 0; i < 40; ++i) await page.keyboard.press('ArrowDown');
  await page.keyboard.press(' ');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press(' ');
  const row = page.locator('#run-41'),
    name = await row.getByRole('link').textContent();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.goBack();
  await row.getByText(name).waitFor();
  assert.ok((await page.locator('.window').evaluate((box) => box.scrollTop)) > 500);
  await eventually(async () => assert.equal(await row.getAttribute('aria-selected'), 'true'));
  await page.getByText('2 selected:').waitFor();
  // By a link it is a new visit.
  await page.getByRole('link', { name: 'Home' }).click();
  await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
  await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
  await page.locator('tr.run a').first().waitFor();
  assert.equal(await page.getByText('2 selected:').count(), 0);
  assert.deepEqual(page.faults, []);
});

test('a search whose first page was lost begins again with the next look: no row of the old one, and its columns', async () => {
  const page = await stage.page('anna');
  let lose = true;
  await page.route('**/api/v1/runs?*', (asked) => (lose ? asked.abort() : asked.continue()));
  await page.goto(`/runs?experiment=${experiment}`);
  await page.getByText('The server cannot be reached.').waitFor();
  lose = false;
  await makeRun('wakes-the-screen', 1_700_000_000_000 - 1000);
  const body = (await stage.call('anna', 'GET', `/api/v1/runs?filter=attributes.run_name%20%3D%20'wakes-the-screen'`))
    .items[0];
  await mlflow('runs/update', { run_id: body.id, status: 'FINISHED', end_time: Date.now() });
  await page.getByRole('columnheader', { name: 'accuracy' }).waitFor();
  lose = true;
  await sortBy(page, 'accuracy');
  await page.getByText('The server cannot be reached.').waitFor();
  lose = false;
  await mlflow('runs/delete', { run_id: body.id });
  const woken = await makeRun('again', 1_700_000_000_000 - 1000);
  await mlflow('runs/update', { run_id: woken, status: 'FINISHED', end_time: Date.now() });
  await page.locator('#run-0').getByText('run-1199').waitFor();
  await page.locator('.window').evaluate((box) => {
    box.scrollTop = box.scrollHeight;
  });
  await page.locator('tr.run').getByText('again', { exact: true }).waitFor();
  await mlflow('runs/delete', { run_id: woken });
});

test('what rolls out is on the home screen, and follows', async () => {
  await stage.rollOut();
  const page = await stage.page('anna');
  const link = page.getByRole('link', { name: 'greeting: version 2 on production' });
  await link.waitFor();
  await page.getByText('Step 1 of 2').waitFor();
  await stage.call('anna', 'POST', `/api/v1/prompts/greeting/rollouts/${stage.rollout.id}/advance`, {});
  await page.getByText('Step 2 of 2').waitFor();
  await stage.call('anna', 'POST', `/api/v1/prompts/greeting/rollouts/${stage.rollout.id}/pause`, { reason: 'lunch' });
  await page.locator('main').getByText('Paused', { exact: true }).first().waitFor();
  await link.click();
  await page.getByRole('heading', { level: 1, name: 'greeting: version 2 to production' }).waitFor();
  await stage.call('anna', 'POST', `/api/v1/prompts/greeting/rollouts/${stage.rollout.id}/rollback`, {
    reason: 'worse',
  });
  await page.goto('/');
  await page.getByText('No active rollouts.').waitFor();
  assert.deepEqual(page.faults, []);
});
