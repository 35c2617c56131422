/** Follows the server's change feed, so that a change is known within milliseconds. */
import type { IncomingMessage } from 'node:http';
import type { PromptCache } from './cache.js';
import { record } from './errors.js';
import type { Transport } from './http.js';

const SHORTEST_RETRY = 0.2;
const LONGEST_RETRY = 5;
const REFUSED_RETRY = 60; // the server is there and will not: callers revalidate instead
const SILENCE = 60; // seconds; the server sends a heartbeat more often

/** Names that a subject may be about: marks may be part of a name, so every reading counts. */
export function promptsOf(subject: string): Set<string> {
  const names = new Set<string>();
  if (!subject.startsWith('prompt/')) return names;
  const text = subject.slice('prompt/'.length);
  names.add(text);
  for (let at = 0; at < text.length; ++at) if (text[at] === '@' || text[at] === '#') names.add(text.slice(0, at));
  return names;
}

/** The prompts that an event of the stream is about. */
export function namesIn(block: string): Set<string> {
  const data = block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n');
  if (!data) return new Set();
  const subject = record(JSON.parse(data))?.['subject'];
  return typeof subject === 'string' ? promptsOf(subject) : new Set();
}

export class Follower {
  #stopping = false;
  #running: Promise<void> | undefined;
  #response: IncomingMessage | undefined;
  #connected = false;
  readonly #waiters = new Set<() => void>();
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly transport: Transport,
    readonly cache: PromptCache,
  ) {}

  start(): void {
    if (!this.#stopping) this.#running ??= this.#run();
  }

  /** Whether the feed is followed, now or within `seconds`. */
  connected(seconds: number): Promise<boolean> {
    if (this.#connected) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve(this.#connected);
      };
      const timer = setTimeout(done, seconds * 1000);
      this.#waiters.add(done);
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#response?.destroy();
    clearTimeout(this.#timer);
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    let retry = SHORTEST_RETRY;
    while (!this.#stopping) {
      let pause = retry;
      try {
        const status = await this.#follow();
        pause = retry = SHORTEST_RETRY;
        if (status !== 200) pause = REFUSED_RETRY;
      } catch {
        if (this.#connected) pause = retry = SHORTEST_RETRY;
        retry = Math.min(retry * 2, LONGEST_RETRY);
      }
      this.#connected = false;
      this.cache.following(false);
      if (this.#stopping) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#timer = setTimeout(resolve, pause * 1000).unref();
      });
    }
    for (const done of this.#waiters) done();
  }

  /** Until the stream ends. Returns the status. */
  async #follow(): Promise<number> {
    const response = await this.transport.open(
      'GET',
      '/api/v1/changes',
      { Accept: 'text/event-stream' },
      this.transport.timeout,
      undefined,
      false,
    );
    const status = response.statusCode ?? 0;
    if (this.#stopping || status !== 200 || !response.headers['content-type']?.startsWith('text/event-stream')) {
      response.destroy();
      return status === 200 ? 501 : status;
    }
    this.#response = response;
    response.socket.setTimeout(SILENCE * 1000, () => response.destroy());
    response.socket.unref(); // a program ends although it follows
    let pending = '';
    response.setEncoding('utf8');
    for await (const part of response as AsyncIterable<string>) {
      const blocks = (pending + part).split('\n\n');
      pending = blocks.pop() ?? '';
      for (const block of blocks) {
        if (!this.#connected) {
          // The first block: from here on, nothing is missed.
          this.#connected = true;
          this.cache.following(true);
          for (const done of [...this.#waiters]) done();
        }
        const names = namesIn(block);
        if (names.size) this.cache.changed(names);
      }
    }
    return status;
  }
}
