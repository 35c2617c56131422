// Which screen an address leads to. Each is its own file, fetched when it is first looked at. A word names it, so that
// a screen stays while only the query of its address changes.
import { kindOf } from './lib/address';

export const screens: Record<string, () => Promise<any>> = {
  home: () => import('./screens/Home.svelte'),
  assets: () => import('./screens/Assets.svelte'),
  asset: () => import('./screens/Asset.svelte'),
  prompt: () => import('./screens/Prompt.svelte'),
  diff: () => import('./screens/PromptDiff.svelte'),
  policy: () => import('./screens/Policy.svelte'),
  changes: () => import('./screens/ChangeRequests.svelte'),
  change: () => import('./screens/ChangeRequest.svelte'),
  runs: () => import('./screens/Runs.svelte'),
  run: () => import('./screens/Run.svelte'),
  compare: () => import('./screens/Compare.svelte'),
  waivers: () => import('./screens/Waivers.svelte'),
  decision: () => import('./screens/Decision.svelte'),
  incidents: () => import('./screens/Incidents.svelte'),
  rollouts: () => import('./screens/Rollout.svelte'),
  golden: () => import('./screens/Golden.svelte'),
  records: () => import('./screens/Records.svelte'),
  ledger: () => import('./screens/Ledger.svelte'),
  lineage: () => import('./screens/Lineage.svelte'),
  search: () => import('./screens/Search.svelte'),
  settings: () => import('./screens/Settings.svelte'),
  missing: () => import('./screens/Missing.svelte'),
};

export function screenOf(segments: string[]) {
  const [first, name] = segments;
  if (!first) return 'home';
  if (first in kindOf) {
    if (!name) return 'assets';
    if (first === 'prompts') return segments.length > 2 && segments.at(-1) === 'diff' ? 'diff' : 'prompt';
    return first === 'policies' ? 'policy' : 'asset';
  }
  if (first === 'decisions') return name ? 'decision' : 'missing';
  if (first === 'changes') return name ? 'change' : 'changes';
  if (first === 'runs') return name === 'compare' ? 'compare' : name ? 'run' : 'runs';
  return ['rollouts', 'incidents', 'waivers', 'golden', 'records', 'ledger', 'lineage', 'search', 'settings'].includes(
    first,
  )
    ? first
    : 'missing';
}
