import { getIfNew } from './api';
import type { Known } from './request';
import type { Curve, Page } from './types';

/**
 * The curves behind an address that may change; the old ones stay until the new ones are there, and an answer to an older question is
 * dropped. Call inside a component.
 */
export class Curves {
  items = $state.raw<Curve[]>([]);
  #address: () => string | undefined;
  #known: Known = {};
  #asked: string | undefined;

  constructor(address: () => string | undefined) {
    this.#address = address;
    $effect(() => {
      void address();
      void this.load();
    });
  }
  /** Asks again. True: they were new. */
  async load() {
    const mine = this.#address();
    if (mine === undefined) return false;
    if (this.#asked !== mine) {
      this.#asked = mine;
      this.#known = {};
    }
    const answer = await getIfNew<Page<Curve>>(mine, this.#known).catch(() => undefined); // the old ones stay, and it is asked again
    if (mine !== this.#asked || !answer) return false;
    this.items = answer.items;
    return true;
  }
}
