// node pictures.mjs: takes the pictures of docs/pictures anew. CHROMIUM and REGESTA_BINARY as in tests/web/run.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillGoverned, report, rolloutOf } from './tests/governed.mjs';
import { Stage } from './tests/stage.mjs';

const folder = fileURLToPath(new URL('../docs/pictures', import.meta.url));
const stage = await new Stage().open();

/** Five runs that learn at different rates; the last one is still running. */
async function trainedRuns() {
  const mlflow = (path, body) => stage.call('anna', 'POST', `/api/2.0/mlflow/${path}`, body);
  const experiment = (await mlflow('experiments/create', { name: 'mortgages' })).experiment_id;
  const ids = [];
  for (let i = 0; i < 5; ++i) {
    const start = Date.now() - 600_000 * (5 - i);
    const { run } = await mlflow('runs/create', {
      experiment_id: experiment,
      run_name: `gradient-boosting-${i + 1}`,
      start_time: start,
      user_id: 'anna',
    });
    const values = Array.from({ length: i === 4 ? 60 : 120 }, (_, step) => ({
      step,
      accuracy: 0.93 - i * 0.012 - 0.4 * Math.exp(-step / (14 + 6 * i)) + 0.012 * Math.sin(step * (1.7 + i)),
      loss: 0.2 + i * 0.03 + 0.6 * Math.exp(-step / (18 + 5 * i)) + 0.015 * Math.cos(step * (1.3 + i)),
    }));
    await mlflow('runs/log-batch', {
      run_id: run.info.run_id,
      params: [
        { key: 'depth', value: String(3 + i) },
        { key: 'learning_rate', value: String(0.02 * (i + 1)) },
      ],
      metrics: values.flatMap(({ step, accuracy, loss }) => [
        { key: 'accuracy', value: accuracy, step, timestamp: start + step * 1000 },
        { key: 'loss', value: loss, step, timestamp: start + step * 1000 },
      ]),
    });
    if (i < 4) await mlflow('runs/update', { run_id: run.info.run_id, status: 'FINISHED', end_time: start + 240_000 });
    ids.push(run.info.run_id);
  }
  return { experiment, ids };
}

try {
  await stage.fill();
  await stage.call('anna', 'PUT', '/api/v1/assets/prompt/loan-summary/aliases/production', { version: 2 });
  const { request } = await fillGoverned(stage);
  const { experiment, ids } = await trainedRuns();
  await rolloutOf(stage, 'support-chat');
  await report(stage, 'support-chat', 12, 0.9, 0.88);
  const reverted = await rolloutOf(stage, 'claims-chat');
  await report(stage, 'claims-chat', 200, 0.9, 0.1);
  const page = await stage.page('rita', { viewport: { width: 1440, height: 900 } });
  for (const [name, address, shown] of [
    ['home', '/', 'support-chat'],
    ['prompt', '/prompts/loan-summary', 'Use this prompt'],
    ['change-request-model', `/changes/${request}`, 'parity ratio by race'],
    ['runs', `/runs?experiment=${experiment}&order=metrics.accuracy DESC`, 'gradient-boosting-5'],
    ['compare', `/runs/compare?runs=${ids}&smooth=0.6`, 'Parallel coordinates'],
    ['rollout-reverted', `/rollouts/claims-chat/${reverted.id}`, 'Rolled back: all traffic'],
  ]) {
    await page.goto(address);
    await page.locator('main[aria-busy="false"]').waitFor();
    await page.getByText(shown).first().waitFor();
    await page.waitForTimeout(500); // what is drawn when the browser has a moment
    await page.screenshot({ path: join(folder, `${name}.png`) });
  }
  if (page.faults.length) throw new Error(page.faults.join('\n'));
} finally {
  await stage.close();
}
