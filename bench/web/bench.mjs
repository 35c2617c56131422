// The web UI against its budgets, in a real browser over a real server that holds 30,000 runs:
//
//   tools/bench web          (or: node bench/web/bench.mjs [--runs 30000] [--samples 9] [--skip lighthouse])
//
// Bytes before the first screen; first paint and time to usable with the CPU slowed four times; Lighthouse, signed in; long tasks
// while the table of runs is scrolled. Exit code 1 when a goal is missed.
import { parseArgs } from 'node:util';
import { Stage } from '../../web/tests/stage.mjs';
import { scores } from './lighthouse.mjs';
import { longTasks, paint, quantile, sizes } from './measure.mjs';
import { fill } from './seed.mjs';

const { values: asked } = parseArgs({
  options: {
    runs: { type: 'string', default: '30000' },
    samples: { type: 'string', default: '9' },
    skip: { type: 'string', multiple: true, default: [] },
  },
});
const goals = { script: 60_000, style: 15_000, paint: 600, usable: 1000, score: 95, task: 50 };
let missed = 0;
function verdict(good) {
  if (!good) ++missed;
  return good ? '' : '  MISSED';
}

const stage = await new Stage().open();
try {
  const { runs, experiment } = await fill(stage, Number(asked.runs));
  // What shows that a screen can be used: its own content, not its frame.
  const screens = [
    ['home', '/', 'main tbody tr'],
    ['prompt', '/prompts/loan-summary', 'main pre, main .text'],
    ['change request', '/changes/1', 'main textarea, main .sheet'],
    ['ledger', '/ledger', 'main tbody tr'],
    [`runs, ${Number(asked.runs).toLocaleString('en')}`, `/runs?experiment=${experiment}`, 'tr.run a'],
    ['run', `/runs/${runs[0]}`, 'main .course'],
    ['compare', `/runs/compare?runs=${runs.join(',')}`, 'main .course'],
  ];

  const { script, style } = await sizes(stage);
  console.log(`initial JS ${script} bytes (brotli, goal ${goals.script})${verdict(script <= goals.script)}`);
  console.log(`CSS ${style} bytes (brotli, goal ${goals.style})${verdict(style <= goals.style)}`);

  console.log(
    `\nCPU slowed 4 times, cold cache, median of ${asked.samples}: first contentful paint, usable, its lower quartile (ms; goals ${goals.paint}, ${goals.usable})`,
  );
  const signedIn = (await stage.page('anna')).context(),
    state = await signedIn.storageState();
  await signedIn.close();
  const seen = new Map(screens.map(([name]) => [name, []]));
  for (let round = 0; round < Number(asked.samples); ++round)
    // in turn: a busy moment of the machine meets all of them
    for (const [name, address, selector] of screens) seen.get(name).push(await paint(stage, state, address, selector));
  for (const [name, visits] of seen) {
    const usables = visits.map(({ usable }) => usable),
      first = quantile(
        visits.map((visit) => visit.first),
        0.5,
      ),
      usable = quantile(usables, 0.5);
    console.log(
      `  ${name.padEnd(16)}${[first, usable, quantile(usables, 0.25)].map((ms) => ms.toFixed(0).padStart(7)).join('')}${verdict(first < goals.paint && usable < goals.usable)}`,
    );
  }

  if (!asked.skip.includes('lighthouse')) {
    console.log(`\nLighthouse: performance, accessibility, best practices, SEO (goal ${goals.score})`);
    const cookie = state.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    for (const [name, address] of screens) {
      const found = await scores(stage.url + address, cookie);
      console.log(
        `  ${name.padEnd(16)} ${found.values.map((v) => String(v).padStart(4)).join('')}${verdict(found.values.every((v) => v >= goals.score))}${found.faults.length ? `  (${found.faults.join(', ')})` : ''}`,
      );
    }
  }

  console.log(
    `\nscrolling ${Number(asked.runs).toLocaleString('en')} runs: longest task over 50 ms, their number, frames a second (goal: none)`,
  );
  for (const [name, slowed] of [
    ['full speed', 1],
    ['CPU slowed 4×', 4],
  ]) {
    const { longest, count, frames } = await longTasks(stage, state, `/runs?experiment=${experiment}`, slowed);
    console.log(
      `  ${name.padEnd(16)} ${longest ? `${longest.toFixed(0)} ms, ${count}` : 'none'}, ${frames.toFixed(0)} frames/s${slowed === 1 ? verdict(longest <= goals.task) : ''}`,
    );
  }
} finally {
  await stage.close();
}
console.log(missed ? `\n${missed} goals missed` : '\nall goals met');
process.exitCode = missed ? 1 : 0;
