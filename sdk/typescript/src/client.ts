/** The client. One is enough for a program. */
import { PromptCache } from './cache.js';
import { Disk } from './disk.js';
import { record, RegestaError } from './errors.js';
import { Follower } from './feed.js';
import { encode, good, Transport } from './http.js';
import { GateCheck, moveOf, parseAsset, parseReference, type Move } from './moves.js';
import { neverMoves, Prompt } from './prompt.js';
import { recordOf, type RecordOptions, type SealedBatch } from './records.js';
import type { Message, Variables } from './render.js';
import { ScoreSender, sendReports, type RefusedReport, type Report } from './scores.js';
import { settingsOf, type ConnectionOptions, type Settings } from './settings.js';
import { version as clientVersion } from './version.js';

const SLOW = 30; // seconds

export interface ClientOptions extends ConnectionOptions {
  /** Seconds for one request. */
  timeout?: number;
  /** Seconds for which an answer is given again without a look at the server. */
  freshFor?: number;
  /** Seconds for which an older answer is still given at once, while it is fetched again. */
  refreshWithin?: number;
  /** Seconds for which the last good answer takes the place of a failing server's. */
  staleIfError?: number;
  /** Answers to keep. */
  maxEntries?: number;
  /** Follow the change feed, so that a change arrives within milliseconds. */
  follow?: boolean;
  /** Where warnings go: scores that were refused, a disk that cannot be used. */
  warn?: (message: string) => void;
}

export interface PromptOptions {
  /**
   * An alias, a number, a SemVer or a range; by default what the settings file says about the prompt, or
   * `production`.
   */
  alias?: string;
  /** The user or session: during a rollout, it gets the same version every time. */
  key?: string;
  /** Attributes that segments look at. */
  context?: Readonly<Record<string, unknown>>;
}

export interface ScoreOptions {
  /** Needed if the prompt is given by its name. */
  version?: number | string;
  /** The user or session. */
  unit?: string;
  /** Makes the report idempotent. */
  key?: string;
  at?: Date | string;
}

/**
 * Prompts, quality and promotions of one server.
 *
 * What is not given comes from the environment (`REGESTA_URL`, `REGESTA_TOKEN`, `REGESTA_WORKSPACE`, …), from
 * the file `config` (default: `regesta-client.toml` if it exists), or from `regesta login`.
 */
export class Client implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #transport: Transport;
  readonly #cache: PromptCache;
  readonly #follower: Follower | undefined;
  readonly #scores: ScoreSender;
  #closed = false;

  constructor(options: ClientOptions = {}) {
    const warn = options.warn ?? ((message: string) => process.emitWarning(message, 'RegestaWarning'));
    const most = options.maxEntries ?? 10_000;
    this.#settings = settingsOf(options);
    this.#transport = new Transport(this.#settings, options.timeout ?? 2, `regesta-typescript/${clientVersion}`);
    const disk = this.#settings.cacheDir ? new Disk(this.#settings.cacheDir, this.#settings, most, warn) : undefined;
    this.#cache = new PromptCache(
      this.#transport,
      {
        freshFor: options.freshFor ?? 1,
        refreshWithin: options.refreshWithin ?? 60,
        staleIfError: options.staleIfError ?? 86_400,
        most,
      },
      disk,
      (prompt, values, messages) => this.#renderThere(prompt, values, messages),
    );
    this.#follower = options.follow === false ? undefined : new Follower(this.#transport, this.#cache);
    this.#scores = new ScoreSender(this.#transport, warn);
  }

  get url(): string {
    return this.#settings.url;
  }

  // Prompts

  /** The version that the alias leads to. Fails with RegestaError if there is no answer, also no older one. */
  async prompt(name: string, options: PromptOptions = {}): Promise<Prompt> {
    if (this.#closed) throw new RegestaError('the client is closed');
    const { path, fixed } = this.#path(name, options);
    this.#follower?.start();
    return this.#cache.get(name, path, fixed);
  }

  #path(name: string, { alias, key, context }: PromptOptions): { path: string; fixed: boolean } {
    const selector = alias || this.#settings.prompts.get(name) || 'production';
    const base = `/api/v1/prompts/${encode(name)}`;
    if (neverMoves(selector)) return { path: `${base}/versions/${encode(selector)}`, fixed: true };
    let path = `${base}/resolve?alias=${encode(selector)}`;
    if (key) path += `&key=${encode(key)}`;
    if (context && Object.keys(context).length) path += `&context=${encode(JSON.stringify(sorted(context)))}`;
    return { path, fixed: false };
  }

  /** Waits until the change feed is followed. Returns whether it is. */
  async waitUntilFollowing(seconds = 10): Promise<boolean> {
    this.#follower?.start();
    return (await this.#follower?.connected(seconds)) ?? false;
  }

  async #renderThere(prompt: Prompt, values: Variables, messages: boolean): Promise<string | Message[]> {
    const body = { version: String(prompt.version), variables: values, ...(messages && { format: 'messages' }) };
    const answer = record(await this.#slowly('POST', `/api/v1/prompts/${encode(prompt.name)}/render`, body));
    const found = messages ? answer?.['messages'] : answer?.['text'];
    if (messages ? !Array.isArray(found) : typeof found !== 'string')
      throw new RegestaError('the response is not a rendered prompt');
    return found as string | Message[];
  }

  // Quality

  /** Records an observation about a version. Returns at once; batches are sent in the background. See `flush()`. */
  score(prompt: Prompt | string, metric: string, value: number, options: ScoreOptions = {}): void {
    const { name, report } = reportOf(prompt, metric, value, options);
    this.#scores.add(name, report);
  }

  /** Sends the scores that wait. Returns whether all of them were sent within `seconds`. */
  flush(seconds = 10): Promise<boolean> {
    return this.#scores.flush(seconds);
  }

  /** Like `score`, but resolves when the report is durable and every guard that had to act has acted. */
  async report(prompt: Prompt | string, metric: string, value: number, options: ScoreOptions = {}): Promise<void> {
    const { name, report } = reportOf(prompt, metric, value, options);
    const [refused] = await this.reportAll(name, [report]);
    if (refused) throw new RegestaError(refused.error ?? 'refused', 400, 'invalid');
  }

  /** Sends reports with the members of the HTTP API. Returns the refused ones. */
  reportAll(prompt: string, reports: readonly Report[]): Promise<RefusedReport[]> {
    return sendReports(this.#transport, prompt, reports);
  }

  /** Count, mean and quantiles of each metric of each version. */
  async quality(prompt: string): Promise<Record<string, unknown>[]> {
    const answer = record(await this.#transport.call('GET', `/api/v1/prompts/${encode(prompt)}/quality`));
    return (answer?.['items'] ?? []) as Record<string, unknown>[];
  }

  // Decision records

  /**
   * Keeps what a version answered, and resolves when that is durable.
   *
   * `used` is what `prompt()` returned, or a version such as `model/loan-risk@3`.
   */
  record(
    used: Prompt | string,
    output: unknown,
    { idempotencyKey, ...more }: RecordOptions = {},
  ): Promise<SealedBatch> {
    return this.recordAll([recordOf(used, output, more)], idempotencyKey);
  }

  /** Keeps records with the members of the HTTP API: all of them, or none. */
  async recordAll(
    records: readonly Readonly<Record<string, unknown>>[],
    idempotencyKey?: string,
  ): Promise<SealedBatch> {
    const lines = Buffer.from(records.map((one) => JSON.stringify(one)).join('\n'));
    const headers = idempotencyKey ? { 'Idempotency-Key': idempotencyKey } : {};
    const seconds = Math.max(this.#transport.timeout, SLOW);
    return good(await this.#transport.request('POST', '/api/v1/records', lines, '', seconds, headers)) as SealedBatch;
  }

  // Promotion

  /**
   * Moves the alias `to` to a version, through its gate: `promote("prompt/greeting@2")`.
   *
   * With `expect`, the alias must point to that version number now (0: it must not exist). Fails with
   * GateRefused with every violation, missing requirement and the change request.
   */
  async promote(
    reference: string,
    { to = 'production', reason = '', expect }: { to?: string; reason?: string; expect?: number } = {},
  ): Promise<Move> {
    const { kind, name, selector } = parseReference(reference);
    const body = { version: selector, reason, ...(expect !== undefined && { from: expect }) };
    return moveOf(await this.#slowly('PUT', `/api/v1/assets/${kind}/${encode(name)}/aliases/${encode(to)}`, body));
  }

  /** Moves the alias back to the version it pointed to before, or to `to`: `rollback("prompt/greeting")`. */
  async rollback(
    asset: string,
    { alias = 'production', to, reason = '' }: { alias?: string; to?: string; reason?: string } = {},
  ): Promise<Move> {
    const { kind, name } = parseAsset(asset);
    const body = { reason, ...(to !== undefined && { to }) };
    return moveOf(
      await this.#slowly('POST', `/api/v1/assets/${kind}/${encode(name)}/aliases/${encode(alias)}/rollback`, body),
    );
  }

  /** What the gate would decide about `promote(reference, {to})`. Nothing moves, and nothing is stored. */
  async check(reference: string, { to = 'production' }: { to?: string } = {}): Promise<GateCheck> {
    const { kind, name, selector } = parseReference(reference);
    const answer = await this.#slowly('POST', '/api/v1/policies/eval', {
      pointer: { kind, name, alias: to, version: selector },
    });
    return new GateCheck(reference, to, record(answer) ?? {});
  }

  /** A stored decision: its input, the verdict and the policies that made it. */
  async decision(digest: string): Promise<Record<string, unknown>> {
    return record(await this.#transport.call('GET', `/api/v1/decisions/${encode(digest)}`)) ?? {};
  }

  // Everything else

  /** A call that may wait for a policy or a template that runs in a worker. */
  #slowly(method: string, path: string, body: unknown): Promise<unknown> {
    return this.#transport.call(method, path, body, Math.max(this.#transport.timeout, SLOW));
  }

  /** Any call of the HTTP API, with the client's credentials: `client.request("GET", "/api/v1/assets")`. */
  request(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#transport.call(method, path, body);
  }

  /** Sends the scores that wait, and ends the connections. */
  async close(seconds = 5): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#scores.stop(seconds);
    await this.#follower?.stop();
    await this.#cache.stop();
    this.#transport.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function reportOf(
  prompt: Prompt | string,
  metric: string,
  value: number,
  { version, unit, key, at }: ScoreOptions,
): { name: string; report: Report } {
  const used = version ?? (prompt instanceof Prompt ? prompt.version : undefined);
  if (used === undefined) throw new TypeError('a score needs the version: give what prompt() returned, or { version }');
  if (!Number.isFinite(value)) throw new TypeError(`the value of ${metric} must be a finite number`);
  return {
    name: prompt instanceof Prompt ? prompt.name : prompt,
    report: {
      version: used,
      metric,
      value,
      ...(unit && { unit }),
      ...(key && { key }),
      at: typeof at === 'string' ? at : (at ?? new Date()).toISOString(),
    },
  };
}

/** With the members in one order, so that equal contexts share an answer. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  const found = record(value);
  if (!found) return value;
  return Object.fromEntries(
    Object.keys(found)
      .sort()
      .map((name) => [name, sorted(found[name])]),
  );
}
