/**
 * Prompts in memory: most calls take no network.
 *
 * An answer is given again without a look at the server for `freshFor` seconds, or while the change feed is
 * followed. An older one is still given at once, and fetched again in the background. If the server fails, the
 * last good one is given.
 */
import type { Disk } from './disk.js';
import { RegestaError, Unavailable } from './errors.js';
import { good, type Transport } from './http.js';
import { Prompt, type RemoteRenderer } from './prompt.js';

const MOST_EAGER = 64; // answers about one change that are fetched before somebody asks
const MOST_NEWS = 4096;
const CONFIRM_EVERY = 60; // seconds between two notes on disk that a file is as it should be

/** Seconds, and a number of answers. */
export interface CacheOptions {
  freshFor: number;
  refreshWithin: number;
  staleIfError: number;
  most: number;
}

interface Entry {
  name: string;
  prompt: Prompt;
  /** When the request began that last confirmed it. */
  checked: number;
  fixed: boolean;
  /** The feed reported a change since. */
  outdated: boolean;
  confirmed: number;
}

interface Flight {
  began: number;
  result: Promise<Prompt>;
}

const now = () => performance.now() / 1000;

export class PromptCache {
  /** The one that is unused for longest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #paths = new Map<string, Set<string>>();
  readonly #flights = new Map<string, Flight>();
  #news = new Map<string, number>();
  readonly #due = new Set<string>();
  #following: number | undefined;
  #failingUntil = 0;
  #stopping = false;
  #refreshing: Promise<void> | undefined;
  #pause: NodeJS.Timeout | undefined;
  #endPause: (() => void) | undefined;

  constructor(
    readonly transport: Transport,
    readonly options: CacheOptions,
    readonly disk: Disk | undefined,
    readonly renderer: RemoteRenderer,
  ) {}

  // What callers ask

  /** What can be given without waiting; undefined if the server has to be asked. */
  peek(path: string): Prompt | undefined {
    const entry = this.#entries.get(path);
    if (!entry) return undefined;
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    if (entry.fixed) return entry.prompt;
    const time = now();
    const age = time - entry.checked;
    if (!entry.outdated) {
      if (age < this.options.freshFor || this.#isFollowed(entry, age)) return entry.prompt;
      if (age < this.options.refreshWithin) {
        this.#due.add(path);
        this.#wakeRefresher();
        return entry.prompt;
      }
    } // else a change is known: nobody gets the old answer while the server can be asked
    if (time < this.#failingUntil && age < this.options.staleIfError) return entry.prompt.asStale();
    return undefined;
  }

  async get(name: string, path: string, fixed: boolean): Promise<Prompt> {
    const found = this.peek(path);
    if (found) return found;
    try {
      return await this.#fetch(name, path, fixed);
    } catch (error) {
      const kept = error instanceof Unavailable ? await this.#lastGood(name, path, fixed) : undefined;
      if (!kept) throw error;
      return kept;
    }
  }

  #isFollowed(entry: Entry, age: number): boolean {
    return this.#following !== undefined && entry.checked >= this.#following && age < this.options.refreshWithin;
  }

  async #lastGood(name: string, path: string, fixed: boolean): Promise<Prompt | undefined> {
    const entry = this.#entries.get(path);
    if (entry) return fixed || now() - entry.checked < this.options.staleIfError ? entry.prompt.asStale() : undefined;
    const stored = await this.disk?.read(path);
    if (!stored || (stored.age >= this.options.staleIfError && !fixed)) return undefined;
    const prompt = new Prompt(stored.body, stored.etag, this.renderer);
    if (!this.#entries.has(path))
      // Its age goes on counting.
      this.#put(path, { name, prompt, checked: now() - stored.age, fixed, outdated: !fixed, confirmed: 0 });
    return fixed ? prompt : prompt.asStale();
  }

  // Fetching

  /** From the server; callers at the same time share one request that began after the last known change. */
  #fetch(name: string, path: string, fixed: boolean): Promise<Prompt> {
    const known = this.#flights.get(path);
    if (known && known.began >= (this.#news.get(name) ?? 0)) return known.result;
    const began = now();
    const flight: Flight = {
      began,
      result: this.#ask(name, path, fixed, began).finally(() => {
        if (this.#flights.get(path) === flight) this.#flights.delete(path);
      }),
    };
    this.#flights.set(path, flight);
    return flight.result;
  }

  async #ask(name: string, path: string, fixed: boolean, began: number): Promise<Prompt> {
    const known = this.#entries.get(path)?.prompt;
    let answer;
    try {
      answer = await this.transport.request('GET', path, undefined, known?.etag);
      if (answer.status >= 500) good(answer);
    } catch (error) {
      if (error instanceof Unavailable) this.#failingUntil = now() + this.options.freshFor;
      throw error;
    }
    let prompt: Prompt;
    if (answer.status === 304 && known) {
      prompt = known;
    } else if (answer.status === 200) {
      prompt = new Prompt(answer.body, answer.etag, this.renderer);
    } else {
      this.#forget(path); // the server says no: no older answer takes its place
      good(answer);
      throw new RegestaError(`the server answers ${answer.status}`, answer.status);
    }
    await this.#store(name, path, prompt, fixed, began, prompt !== known);
    return prompt;
  }

  async #store(
    name: string,
    path: string,
    prompt: Prompt,
    fixed: boolean,
    began: number,
    changed: boolean,
  ): Promise<void> {
    this.#failingUntil = 0;
    const entry = this.#entries.get(path);
    if (entry && entry.checked > began) return; // a later request was answered before
    const stamp = this.disk !== undefined && (changed || began - (entry?.confirmed ?? 0) >= CONFIRM_EVERY);
    const outdated = !fixed && began < (this.#news.get(name) ?? 0);
    const evicted = this.#put(path, {
      name,
      prompt,
      checked: began,
      fixed,
      outdated,
      confirmed: stamp ? began : (entry?.confirmed ?? 0),
    });
    if (outdated) {
      this.#due.add(path);
      this.#wakeRefresher();
    }
    if (stamp) await (changed ? this.disk?.write(path, prompt.json, prompt.etag) : this.disk?.confirm(path));
    if (evicted !== undefined) await this.disk?.remove(evicted);
  }

  /** Returns the path of an answer that had to go. */
  #put(path: string, entry: Entry): string | undefined {
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    const paths = this.#paths.get(entry.name) ?? new Set();
    this.#paths.set(entry.name, paths.add(path));
    if (this.#entries.size <= Math.max(1, this.options.most)) return undefined;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#drop(oldest);
    return oldest;
  }

  #drop(path: string): void {
    const entry = this.#entries.get(path);
    if (!entry) return;
    this.#entries.delete(path);
    const paths = this.#paths.get(entry.name);
    paths?.delete(path);
    if (paths?.size === 0) this.#paths.delete(entry.name);
  }

  #forget(path: string): void {
    this.#drop(path);
    void this.disk?.remove(path);
  }

  // What the change feed reports

  /** Every change from now on is reported (true), or the feed is lost. */
  following(on: boolean): void {
    const lost = this.#following === undefined;
    this.#following = on ? now() : undefined;
    if (on && lost) this.#expect([...this.#entries.keys()].reverse());
  }

  changed(names: Iterable<string>): void {
    const time = now();
    for (const name of names) {
      this.#news.set(name, time);
      const known = this.#paths.get(name) ?? new Set();
      for (const path of known) {
        const entry = this.#entries.get(path);
        if (entry) entry.outdated = !entry.fixed;
      }
      this.#expect([...this.#entries.keys()].reverse().filter((path) => known.has(path)));
    }
    if (this.#news.size > MOST_NEWS)
      // No request takes that long.
      this.#news = new Map([...this.#news].filter(([, at]) => at > time - 10 * this.transport.timeout));
  }

  /** Fetches the first of them before somebody asks. */
  #expect(paths: Iterable<string>): void {
    let count = 0;
    for (const path of paths) {
      if (count === MOST_EAGER) break;
      if (this.#entries.get(path)?.fixed === false) {
        this.#due.add(path);
        ++count;
      }
    }
    if (count) this.#wakeRefresher();
  }

  // The background

  #wakeRefresher(): void {
    if (this.#stopping || this.#refreshing) return;
    this.#refreshing = this.#refresh().finally(() => {
      this.#refreshing = undefined;
      if (this.#due.size) this.#wakeRefresher();
    });
  }

  /** Whether there is nothing to fetch. */
  #isCurrent(entry: Entry): boolean {
    if (entry.fixed) return true;
    const missed = this.#following !== undefined && entry.checked < this.#following;
    return !entry.outdated && !missed && now() - entry.checked < this.options.freshFor;
  }

  async #refresh(): Promise<void> {
    await Promise.resolve(); // the caller gets its answer first
    while (!this.#stopping) {
      const [path] = this.#due;
      if (path === undefined) return;
      this.#due.delete(path);
      const entry = this.#entries.get(path);
      if (!entry || this.#isCurrent(entry)) continue;
      try {
        await this.#fetch(entry.name, path, false);
      } catch (error) {
        if (error instanceof Unavailable) {
          this.#due.add(path);
          await this.#wait(Math.max(this.options.freshFor, 0.05)); // not again at once
        } else if (!(error instanceof RegestaError)) {
          this.#forget(path);
        } // else the entry is forgotten: the next call asks, and hears it
      }
    }
  }

  /** A pause that does not keep the program running. */
  #wait(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#endPause = resolve;
      this.#pause = setTimeout(resolve, seconds * 1000).unref();
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    this.#endPause?.();
    await this.#refreshing;
    await this.disk?.settled();
  }
}
