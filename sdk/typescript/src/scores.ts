/** Quality observations that are sent in the background, in batches, each exactly once. */
import { randomUUID } from 'node:crypto';
import { RegestaError, record, Unavailable } from './errors.js';
import { encode, type Transport } from './http.js';

const MOST_WAITING = 10_000;
const BATCH = 500;
const EVERY = 1; // seconds

/** A report with the members of the HTTP API. */
export interface Report {
  version: number | string;
  metric: string;
  value: number;
  /** The user or session. */
  unit?: string;
  /** Makes the report idempotent. */
  key?: string;
  /** RFC 3339. */
  at?: string;
}

interface Waiting {
  prompt: string;
  report: Report;
}

export interface RefusedReport {
  index?: number;
  error?: string;
}

/** Above MOST_WAITING, the oldest observation is dropped and counted in `dropped`. */
export class ScoreSender {
  dropped = 0;
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(
    readonly transport: Transport,
    readonly warn: (message: string) => void,
  ) {}

  add(prompt: string, report: Report): void {
    if (this.#stopping) throw new RegestaError('the client is closed');
    report.key ??= randomUUID().replaceAll('-', ''); // sent again after a failure, it counts once
    if (this.#waiting.length >= MOST_WAITING) {
      this.#waiting.shift();
      ++this.dropped;
    }
    this.#waiting.push({ prompt, report });
    if (this.#waiting.length >= BATCH) this.#send();
    else this.#later();
  }

  /** Sends what waits. Returns whether all of it was sent, or refused, within `seconds`. */
  async flush(seconds: number): Promise<boolean> {
    const end = performance.now() + seconds * 1000;
    while (this.#waiting.length || this.#sending) {
      const left = end - performance.now();
      if (left <= 0) return false;
      const before = this.#waiting.length;
      await Promise.race([this.#send(), pause(left)]);
      // Not again at once.
      if (this.#waiting.length >= before && before)
        await pause(Math.min(EVERY * 1000, Math.max(0, end - performance.now())));
    }
    return true;
  }

  async stop(seconds: number): Promise<void> {
    await this.flush(seconds);
    this.#stopping = true;
    clearTimeout(this.#timer);
    if (this.#waiting.length) this.warn(`${this.#waiting.length} scores were not sent`);
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#send();
    }, EVERY * 1000).unref();
  }

  #send(): Promise<void> {
    this.#sending ??= this.#sendBatch().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length && !this.#stopping) this.#later();
    });
    return this.#sending;
  }

  async #sendBatch(): Promise<void> {
    const byPrompt = new Map<string, Report[]>();
    for (const { prompt, report } of this.#waiting.splice(0, BATCH))
      byPrompt.set(prompt, [...(byPrompt.get(prompt) ?? []), report]);
    const failed: Waiting[] = [];
    for (const [prompt, reports] of byPrompt) {
      try {
        for (const refused of await sendReports(this.transport, prompt, reports))
          this.warn(`a score of prompt '${prompt}' was refused: ${refused.error}`);
      } catch (error) {
        if (error instanceof Unavailable || (error instanceof RegestaError && error.status === 429))
          failed.push(...reports.map((report) => ({ prompt, report })));
        else this.warn(`${reports.length} scores of prompt '${prompt}' were refused: ${(error as Error).message}`);
      }
    }
    this.#waiting.unshift(...failed);
  }
}

/** Returns the refused ones. */
export async function sendReports(
  transport: Transport,
  prompt: string,
  reports: readonly Report[],
): Promise<RefusedReport[]> {
  const answer = record(await transport.call('POST', `/api/v1/prompts/${encode(prompt)}/reports`, { reports }));
  const refused = answer?.['refused'];
  return Array.isArray(refused) ? (refused as RefusedReport[]) : [];
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
