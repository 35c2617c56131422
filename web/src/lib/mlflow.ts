// The addresses of MLflow's own UI, as its clients print them, and the screens that answer the same here.
const segment = '([^/?#]+)';
const known: [RegExp, (...parts: string[]) => string][] = [
  [new RegExp(`^#/experiments/${segment}/runs/${segment}`), (_, run) => `/runs/${run}`],
  [new RegExp(`^#/experiments/${segment}`), (experiment) => `/runs?experiment=${experiment}`],
  [new RegExp(`^#/models/${segment}/versions/${segment}`), (name, version) => `/models/${name}?version=${version}`],
  [new RegExp(`^#/models/${segment}`), (name) => `/models/${name}`],
  [new RegExp(`^#/prompts/${segment}`), (name) => `/prompts/${name}`],
];

export function mlflowAddress(hash: string): string | undefined {
  for (const [pattern, address] of known) {
    const match = pattern.exec(hash);
    if (match) return address(...match.slice(1));
  }
  return undefined;
}

/** MLflow prints links with its own UI's addresses; they lead to our screens. */
export function fromMlflow() {
  const address = mlflowAddress(location.hash);
  if (location.pathname === '/' && address) history.replaceState(null, '', address);
}
