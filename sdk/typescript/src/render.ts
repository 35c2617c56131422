/**
 * Rendering without the server, where the result is certain to be the server's.
 *
 * That is the Mustache and the f-strings that only name variables, and values that are texts, whole numbers,
 * booleans or null. `rendered` returns undefined for everything else, also for what is faulty: the server then
 * renders, or says what is wrong.
 */
import { record } from './errors.js';

/** A message of a chat: `role`, `content` and what else it has. */
export interface Message {
  role?: string;
  content?: unknown;
  [member: string]: unknown;
}
export type Variables = Readonly<Record<string, unknown>>;

const LARGEST = 1024 * 1024;
const MUSTACHE = /(?<!\{)\{\{(?!\{)[ \t\r\n]*([A-Za-z0-9_-]{1,250})[ \t\r\n]*\}\}/g;
const FSTRING = /(\{\{)|(\}\})|\{([A-Za-z_][A-Za-z0-9_-]*)\}/g;
const SCHEMA_MEMBERS = new Set([
  '$schema',
  'type',
  'title',
  'description',
  'properties',
  'required',
  'additionalProperties',
]);
const PROPERTY_MEMBERS = new Set(['type', 'title', 'description', 'default']);

/** Only the server knows. */
class Unsure extends Error {}

/**
 * The text, or the messages of a chat prompt; undefined if the server has to render. `prompt` is a response of
 * resolve.
 */
export function rendered(prompt: Readonly<Record<string, unknown>>, values: Variables): string | Message[] | undefined {
  try {
    return new Renderer(prompt, values).render();
  } catch (error) {
    if (error instanceof Unsure) return undefined;
    throw error;
  }
}

function object(value: unknown): Record<string, unknown> {
  const found = record(value);
  if (!found) throw new Unsure();
  return found;
}

class Renderer {
  readonly #values = new Map<string, string>();
  #properties: Record<string, unknown> = {};
  #required = new Set<unknown>();
  #closed = false;
  #language = '';

  constructor(
    readonly prompt: Readonly<Record<string, unknown>>,
    readonly given: Variables,
  ) {}

  render(): string | Message[] {
    this.#readSchema(this.prompt['input_schema'] ?? {});
    this.#language = String(this.prompt['template_format'] || 'mustache');
    if (this.#language !== 'mustache' && this.#language !== 'f-string') throw new Unsure();
    let result: string | Message[];
    if (this.prompt['type'] === 'chat') {
      const messages = this.prompt['messages'];
      if (!Array.isArray(messages)) throw new Unsure();
      this.#take(
        new Set(messages.filter((one) => object(one)['type'] === 'placeholder').map((one: Message) => one['name'])),
      );
      result = messages.flatMap((one: Message) => this.#message(one));
    } else {
      this.#take(new Set());
      result = this.#text(this.prompt['template']);
    }
    for (const name of Object.keys(this.#properties))
      if (!this.#values.has(name) && this.#required.has(name)) throw new Unsure();
    return result;
  }

  #readSchema(value: unknown): void {
    const schema = object(value);
    if (Object.keys(schema).some((name) => !SCHEMA_MEMBERS.has(name))) throw new Unsure();
    const others = schema['additionalProperties'] ?? true;
    const required = schema['required'] ?? [];
    if (typeof others !== 'boolean' || !Array.isArray(required)) throw new Unsure();
    this.#closed = !others;
    this.#properties = object(schema['properties'] ?? {});
    this.#required = new Set(required);
  }

  #take(placeholders: Set<unknown>): void {
    let size = 0;
    for (const [name, value] of Object.entries(this.given)) {
      if (placeholders.has(name)) continue;
      this.#check(name, value);
      const text = textOf(value);
      this.#values.set(name, text);
      size += [...name].length + [...text].length;
    }
    if (size > LARGEST) throw new Unsure();
    for (const [name, one] of Object.entries(this.#properties)) {
      const fallback = record(one)?.['default'];
      if (!this.#values.has(name) && fallback !== undefined && fallback !== null)
        this.#values.set(name, textOf(fallback));
    }
  }

  #check(name: string, value: unknown): void {
    if (!Object.hasOwn(this.#properties, name)) {
      if (this.#closed) throw new Unsure();
      return;
    }
    const one = object(this.#properties[name]);
    if (Object.keys(one).some((member) => !PROPERTY_MEMBERS.has(member))) throw new Unsure();
    const kind = one['type'];
    if (kind !== undefined && kind !== null && !isKind(kind, value)) throw new Unsure();
  }

  #value(name: string): string {
    const found = this.#values.get(name);
    if (found !== undefined) return found;
    if (Object.hasOwn(this.#properties, name) && !this.#required.has(name) && this.#language === 'mustache') return '';
    throw new Unsure();
  }

  #text(text: unknown): string {
    if (typeof text !== 'string') throw new Unsure();
    const out = this.#language === 'mustache' ? this.#mustache(text) : this.#fstring(text);
    if ([...out].length > LARGEST) throw new Unsure();
    return out;
  }

  #mustache(text: string): string {
    let out = '';
    let at = 0;
    const plain = (piece: string) => {
      if (piece.includes('{{')) throw new Unsure();
      out += piece;
    };
    for (const found of text.matchAll(MUSTACHE)) {
      plain(text.slice(at, found.index));
      out += this.#value(found[1] ?? '');
      at = found.index + found[0].length;
    }
    plain(text.slice(at));
    return out;
  }

  #fstring(text: string): string {
    let out = '';
    let at = 0;
    const plain = (piece: string) => {
      if (/[{}]/.test(piece)) throw new Unsure();
      out += piece;
    };
    for (const found of text.matchAll(FSTRING)) {
      plain(text.slice(at, found.index));
      out += found[1] ? '{' : found[2] ? '}' : this.#value(found[3] ?? '');
      at = found.index + found[0].length;
    }
    plain(text.slice(at));
    return out;
  }

  #message(message: Message): Message[] {
    if (message['type'] === 'placeholder') {
      const name = String(message['name']);
      const given = Object.hasOwn(this.given, name) ? this.given[name] : undefined;
      if (given === undefined || given === null) return [];
      if (!Array.isArray(given) || !given.every((one) => record(one) && 'role' in one)) throw new Unsure();
      return given.map((one: Message) => ({ ...one }));
    }
    const content = message.content;
    return [{ ...message, content: typeof content === 'string' ? this.#text(content) : content }];
  }
}

function isWhole(value: unknown): boolean {
  return (
    typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0))
  );
}

function isKind(kind: unknown, value: unknown): boolean {
  if (kind === 'string') return typeof value === 'string';
  if (kind === 'boolean') return typeof value === 'boolean';
  return (kind === 'integer' || kind === 'number') && isWhole(value);
}

function textOf(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number' && isWhole(value)) return String(value);
  if (typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 63n) return String(value);
  if (typeof value === 'string' && !/[\ud800-\udfff]/.test(value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')))
    return value;
  throw new Unsure();
}
