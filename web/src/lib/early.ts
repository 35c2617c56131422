// What a screen asks first, asked while its script is on its way. The screen then asks in the same words and finds the answer
// waiting; in other words it asks anew, and web/tests/start.test.mjs finds what was asked twice.
import { path as at, query } from './api';
import { oneOf, readRuns } from './runs';
import { route } from './route.svelte';

// Runs have their own screen: many of them would leave nothing else to be seen at home.
const told = [...['alias', 'stage', 'approval', 'rollout', 'guard', 'evidence', 'user', 'policy'].map((what) => `${what}.*`), 'version.created', 'version.deleted', ...['opened', 'applied', 'rejected'].map((deed) => `change-request.${deed}`)];
export const recentChanges = query('/api/v1/ledger/entries', { order: 'newest', page_size: 14, action: told });

const questions: Record<string, () => string[]> = {
  home: () => [recentChanges, '/api/v1/assets?page_size=1000', '/api/v1/approvals?waiting_for=me', '/api/v1/rollouts', '/api/v1/change-requests?status=open'],
  prompt: () => {
    const prompt = at('assets', 'prompt', route.rest());
    return [prompt, `${prompt}/versions?page_size=200`, `${prompt}/aliases`, `${at('prompts', route.rest())}/rollouts`];
  },
  change: () => {
    const id = route.segments[1], request = at('change-requests', id);
    return [request, `${request}/comments?page_size=1000`, query('/api/v1/ledger/entries', { subject: `change-request/${id}`, order: 'newest', page_size: 200 })];
  },
  ledger: () => ['/api/v1/ledger', '/api/v1/assets?page_size=1000', ...(route.query.size ? [] : ['/api/v1/ledger/entries?order=newest&page_size=50'])],
  runs: () => {
    const experiment = route.query.get('experiment') ?? '', known = route.query.has('columns') || localStorage.getItem(`runs.columns.${experiment}`) !== null;
    return ['/api/v1/experiments?page_size=1000', ...(known ? [] : [query('/api/v1/runs/keys', { experiment })])];
  },
  run: () => [at('runs', route.segments[1]), '/api/v1/experiments?page_size=1000'],
  compare: () => {
    const ids = readRuns(route.query.get('runs'));
    return ids.length ? [query('/api/v1/runs', { filter: oneOf(ids), page_size: 100 })] : [];
  },
};
export const firstQuestions = (place: string) => questions[place]?.() ?? [];
