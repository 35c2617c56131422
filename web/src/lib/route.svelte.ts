// Plain history routing: every screen has an address, filters live in its query.
import { segmentsOf } from './address';
import { fromMlflow } from './mlflow';

let here = $state({ path: location.pathname, search: location.search });
let returned = false;
addEventListener('popstate', () => {
  fromMlflow();
  returned = true;
  here = { path: location.pathname, search: location.search };
});

export const route = {
  get path() {
    return here.path;
  },
  get segments() {
    return segmentsOf(here.path);
  },
  /** Everything behind the first segment: names hold slashes, and whoever types one does not encode it. */
  rest(end?: number) {
    return this.segments.slice(1, end).join('/');
  },
  get query() {
    return new URLSearchParams(here.search);
  },
};

/** Whether Back (or forward) led here: then a screen stands as it was left. */
export const cameBack = () => returned;

export function go(address: string, replace = false) {
  returned = false;
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

/** Other filters on the same screen; `push`: Back leads to the ones before. */
export function setQuery(values: Record<string, string>, push = false) {
  const next = route.query;
  for (const [key, value] of Object.entries(values)) value ? next.set(key, value) : next.delete(key);
  const text = next.toString();
  go(here.path + (text ? `?${text}` : ''), !push);
}

/** One handler on the document: links inside the app do not reload it. */
export function followLinks(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element).closest?.('a');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (/^\/(api|ledger)\//.test(link.pathname) || link.pathname === '/openapi.json') return;
  event.preventDefault();
  go(link.pathname + link.search);
}
