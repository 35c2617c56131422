// What screens say in words, without a browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'vite';

let vite;
before(async () => {
  vite = await createServer({
    root: new URL('..', import.meta.url).pathname,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
});
after(() => vite.close());
const load = (name) => vite.ssrLoadModule(`/src/lib/${name}.ts`);

test('numbers keep the zeros that mean something', async () => {
  const { number } = await load('words');
  for (const [value, text] of [
    [4579.96, '4580'],
    [100.04, '100'],
    [0.1, '0.1'],
    [0.25, '0.25'],
    [0.123456, '0.1235'],
    [1200, '1200'],
    [1999.999, '2000'],
    [1e-9, '1e-9'],
    [-0.5, '-0.5'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
  ])
    assert.equal(number(value), text);
});

test('approvals are counted by role, and evidence is none', async () => {
  const { approvalWords, needWords, whyExcluded } = await load('review');
  const verdict = {
    deny: [],
    warn: [],
    require: [
      { code: 'a', needs: 'one', met: true, by: ['user:rita'], approvals: { role: 'risk' } },
      { code: 'b', approvals: { role: 'legal', count: 2 } },
      { code: 'c', needs: 'evidence of type card', met: false },
    ],
  };
  assert.equal(approvalWords(verdict), '1/3 · legal pending');
  assert.equal(approvalWords({ ...verdict, require: [verdict.require[2]] }), 'not required');

  assert.deepEqual(
    [
      { approvals: { role: 'risk' }, needs: 'x' },
      { approvals: { role: 'risk', count: 2, not_author: false } },
      { approvals: { role: 'legal', not_requester: true } },
      { needs: 'evidence of type card' },
    ].map(needWords),
    [
      "1 risk approval (author can't approve)",
      '2 risk approvals',
      "1 legal approval (author and requester can't approve)",
      'evidence of type card',
    ],
  );
  assert.equal(whyExcluded({ excluded: undefined }), undefined);
  assert.match(whyExcluded({ excluded: 'author' }), /made this version/);
  assert.match(whyExcluded({ excluded: 'requester' }), /requested this change/);
});

test('the addresses of MLflow’s own UI', async () => {
  const { mlflowAddress } = await load('mlflow');
  const id = 'a'.repeat(32);
  for (const [hash, address] of [
    [`#/experiments/0/runs/${id}`, `/runs/${id}`],
    [`#/experiments/3/runs/${id}/model-metrics`, `/runs/${id}`],
    ['#/experiments/3', '/runs?experiment=3'],
    ['#/experiments/3/traces?x=1', '/runs?experiment=3'],
    ['#/models/loan-risk', '/models/loan-risk'],
    ['#/models/a%2Fb/versions/2', '/models/a%2Fb?version=2'],
    ['#/prompts/greeting', '/prompts/greeting'],
    ['#main', undefined],
    ['', undefined],
  ])
    assert.equal(mlflowAddress(hash), address, hash);
});

test('times are said as people say them', async () => {
  const { ago, exact, thousands } = await load('words');
  const now = Date.parse('2026-11-29T12:00:00Z'),
    hour = 3600_000,
    day = 24 * hour;
  for (const [distance, text] of [
    [-20_000, 'just now'],
    [-60_000, '1 minute ago'],
    [-59 * 60_000, '59 minutes ago'],
    [-2 * hour, '2 hours ago'],
    [-day, 'yesterday'],
    [day, 'tomorrow'],
    [-3 * day, '3 days ago'],
    [-8 * day, 'last week'],
    [3 * hour, 'in 3 hours'],
    [-40 * day, 'last month'],
    [-800 * day, '2 years ago'],
  ])
    assert.equal(ago(new Date(now + distance).toISOString(), now), text);
  assert.match(exact('2026-03-04T05:06:07'), /^4 Mar 2026, 05:06:07 UTC/);
  for (const [count, text] of [
    [7, '7'],
    [1000, '1,000'],
    [30000, '30,000'],
    [1234567, '1,234,567'],
  ])
    assert.equal(thousands(count), text);
});

test('a changed text, line by line: each has a place of its own', async () => {
  const { linesOf, placeWords } = await load('lines');
  const of = (...runs) =>
    linesOf(
      runs.map(([op, text]) => ({ op, text })),
      1,
    ).map(({ place, runs }) => `${place} ${runs.map(({ op, text }) => op + text).join(' ')}`);
  assert.deepEqual(of(['=', 'a\nb '], ['-', 'old'], ['+', 'new'], ['=', '\nc']), [
    'new:1:1 =a',
    'new:1:2 =b  -old +new',
    'new:1:3 =c',
  ]);
  assert.deepEqual(of(['=', 'a\n'], ['-', 'gone\n'], ['=', 'b']), ['new:1:1 =a', 'old:1:2 -gone', 'new:1:2 =b']);
  assert.deepEqual(of(['=', 'a\n'], ['+', 'more\n\n'], ['=', 'b']), [
    'new:1:1 =a',
    'new:1:2 +more',
    'new:1:3 ',
    'new:1:4 =b',
  ]);
  assert.deepEqual(of(['=', 'a'], ['-', '\n'], ['=', 'b']), ['old:1:1 =a', 'new:1:1 =b']); // two lines become one
  assert.deepEqual(of(['=', 'a'], ['-', '\nb']), ['new:1:1 =a', 'old:1:2 -b']);
  assert.deepEqual(of(['=', 'we are '], ['-', 'sorry.\ngone\n'], ['+', 'very sorry.\n'], ['=', 'c']), [
    'old:1:1 =we are  -sorry.',
    'old:1:2 -gone',
    'new:1:1 +very sorry.',
    'new:1:2 =c',
  ]);
  assert.deepEqual(of(), ['new:1:1 ']);
  assert.equal(placeWords('old:2:3'), 'line 3 of text 2 as it was');
});

test('a plan is read as the command line reads it', async () => {
  const { planOf, faultOf } = await load('rollout');
  const guard = { metric: ' a ', direction: 'lower', min: '0', max: '5e3', role: 'signal' };
  assert.deepEqual(
    planOf(
      [
        { weight: '10', bake: '30m' },
        { weight: 'half', bake: '' },
      ],
      [guard],
    ),
    {
      steps: [
        { weight: 10, bake_seconds: 1800 },
        { weight: 'half', bake_seconds: undefined },
      ],
      guards: [{ metric: 'a', direction: 'lower', role: 'signal', min: 0, max: 5000 }],
    },
  );
  assert.throws(
    () => planOf([{ weight: '10', bake: '1 week' }], []),
    (fault) => faultOf(fault).field === 'steps[0].bake_seconds',
  );
  assert.deepEqual(faultOf({ code: 'invalid', message: 'guards[1].max: must be above min' }), {
    field: 'guards[1].max',
    rule: 'must be above min',
  });
  assert.equal(faultOf({ code: 'not_found', message: 'x: y' }), undefined);
});

test('a browser by what it calls itself', async () => {
  const { browserOf } = await load('words');
  for (const [agent, text] of [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'Safari on macOS',
    ],
    ['curl/8.5', 'curl/8.5'],
    ['', 'Unknown browser'],
  ])
    assert.equal(browserOf(agent), text);
});
