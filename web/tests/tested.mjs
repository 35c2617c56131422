// What the screens of golden tests and decision records show: a rule, a version that fails a row of it, and a batch of
// records. Stands on a stage that is open and filled.
import { blob } from './governed.mjs';

/** A version of model/scorer that answers the second of two rows otherwise, and then not twice the same. */
export async function fillTested(stage) {
  const call = (...words) => stage.call('anna', ...words);
  const rows = [
    { inputs: { income: 1200 }, expected: { score: 0.8 } },
    { inputs: { income: 300 }, expected: { score: 0.3 } },
  ];
  const golden = await blob(stage, rows.map((row) => JSON.stringify(row)).join('\n') + '\n');
  await call('POST', '/api/v1/assets', { kind: 'dataset', name: 'golden-scores' });
  await call('POST', '/api/v1/assets/dataset/golden-scores/versions', {
    files: [{ path: 'golden.jsonl', digest: golden }],
  });
  await call('POST', '/api/v1/golden-rules', {
    name: 'scores',
    kind: 'model',
    name_pattern: 'scorer*',
    dataset: 'golden-scores',
  });
  await call('POST', '/api/v1/assets', { kind: 'model', name: 'scorer' });
  const weights = await blob(stage, 'weights');
  await call('POST', '/api/v1/assets/model/scorer/versions', { files: [{ path: 'MLmodel', digest: weights }] });
  const { job, lease } = await call('POST', '/api/v1/jobs/lease', { models: true, prompts: false, wait: 60 });
  const run = (second) => [{ output: { score: 0.8 } }, { output: { score: second } }];
  await call('POST', `/api/v1/jobs/${job.id}/complete`, { lease, result: { runs: [run(0.9), run(0.95)] } });
  const record = (income, output, subject) =>
    JSON.stringify({ model: 'scorer@1', inputs: { income }, output, subject, caller: 'web' });
  return stage.send(
    'anna',
    '/api/v1/records',
    `${record(300, 0.9, 'customer-4711')}\n${record(900, 0.5, 'customer-4712')}\n`,
  );
}
