import { path, query } from './address';
import { Loaded, Paged } from './load.svelte';
import type { Asset, Version } from './types';

/**
 * The versions of an asset, newest first, and the one that is asked for: a number, a SemVer or an alias; without a question, the one
 * that production points to, else the newest. What the loaded pages do not hold is fetched, however many versions there are;
 * `chosen.error` says when there is none. Call inside a component.
 */
export class Versions {
  list: Paged<Version>;
  #one: Loaded<Version>;
  #selector: string | undefined;
  #found: Version | undefined;

  constructor(
    kind: () => string,
    name: () => string,
    asked: () => string | null | undefined,
    asset: Loaded<Asset>,
    concerns: (subject: string) => boolean,
  ) {
    this.list = new Paged<Version>(
      () => query(path('assets', kind(), name(), 'versions'), { page_size: 200 }),
      concerns,
    );
    this.#selector = $derived(
      asked() ?? (asset.value?.aliases.some((alias) => alias.name === 'production') ? 'production' : undefined),
    );
    this.#found = $derived.by(() => {
      const items = this.list.value?.items,
        selector = this.#selector;
      if (!items || !asset.value) return undefined;
      return selector === undefined
        ? items[0]
        : items.find(
            (it) => String(it.version) === selector || it.semver === selector || it.aliases.includes(selector),
          );
    });
    const beyond = $derived(
      this.list.value && asset.value && !this.#found && this.#selector !== undefined && this.list.value.items.length
        ? this.#selector
        : undefined,
    );
    this.#one = new Loaded<Version>(
      () => (beyond ? path('assets', kind(), name(), 'versions', beyond) : undefined),
      concerns,
    );
  }
  get items() {
    return this.list.value?.items ?? [];
  }
  /** The loaded ones, and the chosen one. */
  get known() {
    return !this.chosen || this.items.some((it) => it.version === this.chosen!.version)
      ? this.items
      : [...this.items, this.chosen];
  }
  get chosen() {
    return this.#found ?? this.#one.value;
  }
  /** Why the version that was asked for is not there. */
  get error() {
    return this.list.error ?? this.#one.error;
  }
  get asked() {
    return this.#selector;
  }
}
