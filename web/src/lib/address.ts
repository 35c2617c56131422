// Addresses: of the API, and of the screens. Nothing but words: what asks first needs them before anything else is
// loaded.

/** Joins path segments, each encoded. */
export const path = (...segments: (string | number)[]) =>
  '/api/v1/' + segments.map((s) => encodeURIComponent(s)).join('/');
export function query(base: string, values: Record<string, string | number | readonly string[] | undefined>) {
  const pairs = Object.entries(values)
    .flatMap(([k, v]) => (Array.isArray(v) ? v.map((item) => [k, item]) : [[k, v]]))
    .filter(([, v]) => v !== undefined && v !== '');
  return pairs.length === 0 ? base : `${base}?${new URLSearchParams(pairs.map(([k, v]) => [String(k), String(v)]))}`;
}
/** What waits to be decided about an asset. */
export const openRequests = (kind: string, name: string) =>
  query('/api/v1/change-requests', { status: 'open', kind, name, page_size: 20 });

function decode(segment: string) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
export const segmentsOf = (pathname: string) => pathname.split('/').filter(Boolean).map(decode);

const kinds: Record<string, string> = {
  prompt: 'prompts',
  model: 'models',
  dataset: 'datasets',
  policy: 'policies',
  artifact: 'artifacts',
};
export const kindOf = Object.fromEntries(Object.entries(kinds).map(([kind, word]) => [word, kind]));
/** Names are encoded as a whole, so that the slashes of a name are no segments. */
export const assetAddress = (kind: string, name: string, version?: number | string) =>
  `/${kinds[kind] ?? kind}/${encodeURIComponent(name)}` +
  (version === undefined ? '' : `?version=${encodeURIComponent(version)}`);

/** The address of what a ledger entry is about, when there is a screen for it. */
export function subjectAddress(subject: string): string | undefined {
  const match = /^([a-z-]+)\/(.+?)(?:@(\d+))?(?:#(.+))?$/.exec(subject);
  if (!match) return undefined;
  const [, kind, name, version] = match;
  if (kind === 'dataset' && version === undefined && match[4]) return undefined; // a run's input by digest, not an asset of ours
  if (kind in kinds) return assetAddress(kind, name, version);
  if (kind === 'change-request') return `/changes/${name}`;
  if (kind === 'waiver') return `/waivers?waiver=${name}`;
  if (kind === 'break-glass') return `/waivers?review=${name}`;
  if (kind === 'incident') return `/incidents?incident=${name}`;
  if (kind === 'run') return `/runs/${name}`;
  return undefined;
}
