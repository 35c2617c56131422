// Plain history routing: every screen has an address, filters live in its query.
import { mlflowAddress } from './mlflow';

// MLflow prints links with its own UI's addresses; they lead to our screens.
function fromMlflow() {
  const address = mlflowAddress(location.hash);
  if (location.pathname === '/' && address) history.replaceState(null, '', address);
}
fromMlflow();

let here = $state({ path: location.pathname, search: location.search });
addEventListener('popstate', () => { fromMlflow(); here = { path: location.pathname, search: location.search }; });

export const route = {
  get path() { return here.path; },
  get segments() { return here.path.split('/').filter(Boolean).map(decode); },
  /** Everything behind the first segment: names hold slashes, and whoever types one does not encode it. */
  rest(end?: number) { return this.segments.slice(1, end).join('/'); },
  get query() { return new URLSearchParams(here.search); },
};

function decode(segment: string) {
  try { return decodeURIComponent(segment); } catch { return segment; }
}

export function go(address: string, replace = false) {
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  const moved = location.pathname !== here.path;
  here = { path: location.pathname, search: location.search };
  if (moved) {
    scrollTo(0, 0);
    // Whoever navigates by keyboard or ear begins at the new screen's heading.
    queueMicrotask(() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }));
  }
}

export function setQuery(values: Record<string, string>) {
  const next = route.query;
  for (const [key, value] of Object.entries(values)) value ? next.set(key, value) : next.delete(key);
  const text = next.toString();
  go(here.path + (text ? `?${text}` : ''), true);
}

/** One handler on the document: links inside the app do not reload it. */
export function followLinks(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest?.('a');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (/^\/(api|ledger)\//.test(link.pathname) || link.pathname === '/openapi.json') return;
  event.preventDefault();
  go(link.pathname + link.search);
}

const kinds: Record<string, string> = { prompt: 'prompts', model: 'models', dataset: 'datasets', policy: 'policies', artifact: 'artifacts' };
export const kindOf = Object.fromEntries(Object.entries(kinds).map(([kind, word]) => [word, kind]));
/** Names are encoded as a whole, so that the slashes of a name are no segments. */
export const assetAddress = (kind: string, name: string, version?: number | string) =>
  `/${kinds[kind] ?? kind}/${encodeURIComponent(name)}` + (version === undefined ? '' : `?version=${encodeURIComponent(version)}`);

/** The address of what a ledger entry is about, when there is a screen for it. */
export function subjectAddress(subject: string): string | undefined {
  const match = /^([a-z-]+)\/(.+?)(?:@(\d+))?(?:#(.+))?$/.exec(subject);
  if (!match) return undefined;
  const [, kind, name, version] = match;
  if (kind === 'dataset' && version === undefined && match[4]) return undefined;  // a run's input by digest, not an asset of ours
  if (kind in kinds) return assetAddress(kind, name, version);
  if (kind === 'change-request') return `/changes/${name}`;
  if (kind === 'run') return `/runs/${name}`;
  return undefined;
}
