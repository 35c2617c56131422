import { ApiError, get } from './api';
import { live } from './live.svelte';

/**
 * Data of a screen: loaded when its address changes and again when the feed tells of a matching change. While it loads again
 * the last data stays, and an answer that was overtaken by a newer question is dropped.
 */
export class Loaded<T> {
  value = $state.raw<T | undefined>();
  error = $state<ApiError | undefined>();
  busy = $state(false);
  #address: string | undefined;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Call inside a component. `address` undefined: nothing to load yet. */
  constructor(address: () => string | undefined, concerns: (subject: string) => boolean = () => true) {
    $effect(() => {
      const next = address();
      if (next !== this.#address) {
        this.#address = next;
        this.value = undefined;
        this.error = undefined;
      }
      void this.reload();
    });
    $effect(() => live.on((change) => {
      if (change.subject && !concerns(change.subject)) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.reload(), 60);
    }));
  }

  async reload() {
    if (this.#address === undefined) return;
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const value = await get<T>(this.#address);
      if (turn !== this.#turn) return;
      this.value = value;
      this.error = undefined;
    } catch (fault) {
      if (turn !== this.#turn) return;
      this.error = fault instanceof ApiError ? fault : new ApiError(0, 'failed', String(fault));
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}
