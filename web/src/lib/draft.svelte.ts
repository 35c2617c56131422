// What somebody writes and has not sent yet: it outlives leaving the page and signing in again, in this tab, for this
// person.
import { session } from './session.svelte';

const prefix = 'draft:';
function store() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  } // a browser may forbid it; then a draft lives as long as its form
}
const keyOf = (place: string) => `${prefix}${session.me?.actor ?? ''}:${place}`;
export const hasDraft = (place: string) => !!store()?.getItem(keyOf(place));
/** After signing out, so that whoever comes next finds none. */
export function forgetDrafts() {
  const kept = store();
  if (kept) for (const key of Object.keys(kept)) if (key.startsWith(prefix)) kept.removeItem(key);
}

/** Bind `text` to a field. Create it in a component; `place` identifies the field and its object. */
export class Draft {
  #text = $state('');
  #key: string;
  constructor(place: string) {
    this.#key = keyOf(place);
    this.#text = store()?.getItem(this.#key) ?? '';
  }
  get text() {
    return this.#text;
  }
  set text(next: string) {
    this.#text = next;
    try {
      if (next) store()?.setItem(this.#key, next);
      else store()?.removeItem(this.#key);
    } catch {
      /* full: the field still has it */
    }
  }
}
