/** One version of a prompt, as the server resolved it. */
import { record, RegestaError } from './errors.js';
import { rendered, type Message, type Variables } from './render.js';

/** Renders on the server. */
export type RemoteRenderer = (prompt: Prompt, values: Variables, messages: boolean) => Promise<string | Message[]>;

const NEVER_MOVES = /^(?:[0-9]+|[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)$/;

/** Whether it is a number or a SemVer, which always means the same version. */
export function neverMoves(selector: string): boolean {
  return NEVER_MOVES.test(selector);
}

/** One version of a prompt. Immutable. */
export class Prompt {
  readonly name: string;
  readonly version: number;
  readonly semver: string;
  readonly type: 'text' | 'chat';
  /** SHA-256 of the content. */
  readonly digest: string;
  /** Arm of the rollout that decided: `stable`, `candidate`, …; empty without a rollout. */
  readonly variant: string;
  /** Why the caller gets this version, in words. */
  readonly why: string;
  readonly #content: Record<string, unknown>;
  readonly #renderer: RemoteRenderer;

  /** `json` is the whole response; `stale`: the server failed, and this is the last good answer. */
  constructor(
    readonly json: string,
    readonly etag: string,
    renderer: RemoteRenderer,
    readonly stale = false,
  ) {
    let found: Record<string, unknown> | undefined;
    try {
      found = record(JSON.parse(json));
    } catch {
      found = undefined;
    }
    const version = found?.['version'];
    if (!found || typeof version !== 'number' || !Number.isInteger(version))
      throw new RegestaError('the response is not a prompt: is this a Regesta server?', 200);
    const text = (member: string) => (typeof found[member] === 'string' ? (found[member] as string) : '');
    this.name = text('name');
    this.version = version;
    this.semver = text('semver');
    this.type = text('type') === 'chat' ? 'chat' : 'text';
    this.digest = text('digest');
    this.variant = text('variant');
    this.why = text('why');
    this.#content = found;
    this.#renderer = renderer;
    Object.freeze(this);
  }

  /** The same answer, which could not be confirmed. */
  asStale(): Prompt {
    return this.stale ? this : new Prompt(this.json, this.etag, this.#renderer, true);
  }

  /** A copy of the whole response: template, `input_schema`, `model_config`, `tools`, tags and more. */
  get content(): Record<string, unknown> {
    return JSON.parse(this.json) as Record<string, unknown>;
  }

  /** Template of a text prompt; empty for a chat. */
  get text(): string {
    const found = this.#content['template'];
    return typeof found === 'string' ? found : '';
  }

  /** Messages of a chat prompt, not rendered; empty for a text. A copy. */
  get messages(): Message[] {
    const found = this.content['messages'];
    return Array.isArray(found) ? (found as Message[]) : [];
  }

  /** Model and settings that the prompt is meant for. A copy. */
  get modelConfig(): Record<string, unknown> {
    return record(this.content['model_config']) ?? {};
  }

  /**
   * The text with its variables. Fails with RegestaError for missing variables, and for a chat prompt.
   *
   * Most prompts are rendered here; what needs the server (sections, Jinja2, values that are not texts or whole
   * numbers) is rendered there, with the same result.
   */
  async render(variables: Variables = {}): Promise<string> {
    if (this.type === 'chat')
      throw new RegestaError(`prompt '${this.name}' is a chat: use renderMessages()`, 0, 'invalid');
    return (await this.#rendered(variables, false)) as string;
  }

  /**
   * The messages with their variables; a text prompt is one message of the user. A placeholder's value is a
   * list of messages.
   */
  async renderMessages(variables: Variables = {}): Promise<Message[]> {
    return (await this.#rendered(variables, true)) as Message[];
  }

  /** Rendered without the server; undefined if that is not possible. */
  renderHere(variables: Variables, messages: boolean): string | Message[] | undefined {
    const found = rendered(this.#content, variables);
    return messages && typeof found === 'string' ? [{ role: 'user', content: found }] : found;
  }

  async #rendered(variables: Variables, messages: boolean): Promise<string | Message[]> {
    return this.renderHere(variables, messages) ?? (await this.#renderer(this, variables, messages));
  }
}
