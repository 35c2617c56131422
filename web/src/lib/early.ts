// What a screen asks first, asked while its script is on its way. The screen then asks in the same words and finds the
// answer waiting; in other words it asks anew, and web/tests/start.test.mjs finds what was asked twice.
import { homeActions } from './actions';
import { openRequests, path as at, query } from './address';
import { columnsOf, compared, curvesOf, curvesOfOne, readList, readRuns, runPage } from './runaddress';

export const recentChanges = query('/api/v1/ledger/entries', { order: 'newest', page_size: 14, action: homeActions });

export const inProduction = query('/api/v1/assets', { alias_prefix: 'prod', page_size: 50 });

const questions: Record<string, (segments: string[], words: URLSearchParams) => string[]> = {
  home: () => [
    recentChanges,
    inProduction,
    '/api/v1/approvals?waiting_for=me',
    '/api/v1/rollouts',
    '/api/v1/change-requests?status=open',
  ],
  prompt: (segments) => {
    const name = segments.slice(1).join('/'),
      prompt = at('assets', 'prompt', name);
    return [
      prompt,
      `${prompt}/versions?page_size=200`,
      `${prompt}/aliases`,
      `${at('prompts', name)}/rollouts`,
      openRequests('prompt', name),
    ];
  },
  change: ([, id]) => {
    const request = at('change-requests', id);
    return [
      request,
      `${request}/comments?page_size=1000`,
      query('/api/v1/ledger/entries', { subject: `change-request/${id}`, order: 'newest', page_size: 200 }),
    ];
  },
  ledger: (_, words) => ['/api/v1/ledger', ...(words.size ? [] : ['/api/v1/ledger/entries?order=newest&page_size=50'])],
  runs: (_, words) => [
    '/api/v1/experiments?page_size=1000',
    runPage({
      experiment: words.get('experiment') ?? '',
      filter: words.get('filter') ?? '',
      order: words.get('order') ?? '',
      column: columnsOf(words),
    }),
  ],
  run: ([, id]) => [at('runs', id), curvesOfOne(id)],
  compare: (_, words) => {
    const ids = readRuns(words.get('runs')),
      metrics = words.has('metrics') ? readList(words.get('metrics')) : undefined;
    return ids.length ? [compared(ids), ...(metrics?.length === 0 ? [] : [curvesOf(ids, metrics)])] : [];
  },
};
/** Of the screen `place`, and who asks. */
export const firstQuestions = (place: string, segments: string[], words: URLSearchParams) => [
  '/api/v1/users/me',
  ...(questions[place]?.(segments, words) ?? []),
];
