import { ApiError, get } from './api';
import { live } from './live.svelte';
import type { Page } from './types';

const again = 3000; // milliseconds until a server that did not answer is asked again

/**
 * Data of a screen: loaded when its address changes and again when the feed tells of a matching change. While it loads again
 * the last data stays, and an answer that was overtaken by a newer question is dropped. A server that does not answer is asked
 * again until it does.
 */
export class Loaded<T> {
  value = $state.raw<T | undefined>();
  error = $state<ApiError | undefined>();
  busy = $state(false);
  protected address: string | undefined;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Call inside a component. `address` undefined: nothing to load yet. */
  constructor(address: () => string | undefined, concerns: (subject: string) => boolean = () => true) {
    $effect(() => {
      const next = address();
      if (next !== this.address) {
        this.address = next;
        this.begin();
        this.value = undefined;
        this.error = undefined;
      }
      void this.reload();
    });
    $effect(() => {
      const leave = live.on((change) => {
        if (!change.subject || concerns(change.subject)) this.#later(60);
      });
      return () => {
        leave();
        clearTimeout(this.#timer);
      };
    });
  }

  async reload() {
    if (this.address === undefined) return;
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const value = await this.ask(this.address);
      if (turn !== this.#turn) return;
      this.value = value;
      this.error = undefined;
    } catch (fault) {
      if (turn !== this.#turn) return;
      this.error = fault instanceof ApiError ? fault : new ApiError(0, 'failed', String(fault));
      if (this.error.away) this.#later(again);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
  #later(millis: number) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.reload(), millis);
  }
  /** Another address. */
  protected begin() {}
  protected ask(address: string): Promise<T> {
    return get<T>(address);
  }
}

/** A list of any length, as many pages of it as were asked for. */
export class Paged<T> extends Loaded<Page<T>> {
  protected first: number = 1;
  #pages = 1;
  more = async () => {
    ++this.#pages;
    await this.reload();
  };
  protected override begin() {
    this.#pages = this.first;
  }
  protected override async ask(address: string) {
    let found: Page<T> = { items: [] };
    for (let page = 0; page < this.#pages; ++page) {
      const next: Page<T> = await get(
        page
          ? `${address}${address.includes('?') ? '&' : '?'}page_token=${encodeURIComponent(found.next_page_token!)}`
          : address,
      );
      found = { ...next, items: [...found.items, ...next.items] };
      if (!next.next_page_token) break;
    }
    return found;
  }
}

/**
 * A list of which a screen shows a part that it picks itself: all pages, so that nothing is missing where the
 * first one ends.
 */
export class Whole<T> extends Paged<T> {
  protected override first = 50;
}
