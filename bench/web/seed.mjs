// Fills the stage through the API as clients do: the promotion story of the browser tests, and an experiment with many runs.
const clients = 24;

/** Calls `work(i)` for each i below `count`, some at a time. */
async function inParallel(count, work) {
  let next = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

/** The experiment's id, and some of its runs that have long curves. */
export async function fill(stage, count) {
  await stage.fill();
  await stage.call('anna', 'PUT', '/api/v1/assets/prompt/loan-summary/aliases/production', { version: 2 });
  const { experiment_id: experiment } = await stage.call('anna', 'POST', '/api/2.0/mlflow/experiments/create', {
    name: 'many',
  });
  const mlflow = (path, body) => stage.call('anna', 'POST', `/api/2.0/mlflow/${path}`, body);
  const kinds = ['forest', 'boosting', 'linear', 'network'],
    start = Date.now() - count * 1000;
  const runs = [];
  await inParallel(count, async (i) => {
    const { run } = await mlflow('runs/create', {
      experiment_id: experiment,
      run_name: `run-${i}`,
      start_time: start + i * 1000,
      user_id: i % 3 ? 'anna' : 'otto',
    });
    const id = run.info.run_id,
      metric = (key, value, step = 0) => ({ key, value, timestamp: start + i * 1000 + step, step });
    const long = i >= count - 4; // the newest four are watched closely
    await mlflow('runs/log-batch', {
      run_id: id,
      params: Object.entries({
        depth: i % 12,
        lr: (0.1 / (1 + (i % 7))).toFixed(4),
        kind: kinds[i % 4],
        seed: i,
        batch: 2 ** (5 + (i % 4)),
      }).map(([key, value]) => ({ key, value: String(value) })),
      tags: [{ key: 'team', value: i % 2 ? 'red' : 'blue' }],
      metrics: long
        ? Array.from({ length: 240 }, (_, s) =>
            ['accuracy', 'loss', 'f1', 'auc'].map((key, k) =>
              metric(key, 1 - Math.exp(-s / (20 + k * 9 + (i % 4) * 12)) + Math.sin(s * (k + 3)) / 60, s),
            ),
          ).flat()
        : [
            metric('accuracy', 0.5 + ((i * 7919) % 5000) / 10000),
            metric('loss', 1 / (1 + (i % 97))),
            metric('f1', 0.4 + ((i * 31) % 6000) / 10000),
            metric('auc', 0.6 + ((i * 17) % 4000) / 10000),
          ],
    });
    if (long) runs.push(id);
    await mlflow('runs/update', {
      run_id: id,
      status: i % 50 ? 'FINISHED' : 'FAILED',
      end_time: start + i * 1000 + 1000 * (1 + (i % 400)),
    });
  });
  return { experiment, runs };
}
