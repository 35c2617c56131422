// The public native API and nothing else. Every answer that is not 2xx becomes an ApiError with the server's own words.
import { arrival } from './arrival.svelte';
import { forget, send, taken, type Known } from './request';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly detail: unknown = undefined,
  ) {
    super(message);
  }
  /** No server answered, or one that cannot right now: asking again later may help. */
  get away() {
    return this.code === 'unreachable' || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

let onUnauthenticated = () => {};
export function whenSignedOut(fn: () => void) {
  onUnauthenticated = fn;
}

export function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, known?: Known): Promise<T> {
  const answer = ask<T>(method, path, body, signal, known);
  return method === 'GET' ? arrival.with(answer) : answer;
}
async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, known?: Known): Promise<T> {
  let answer: Response, text: string;
  try {
    if (method !== 'GET') forget(); // a deed (signing in is one) makes them old
    answer = await (taken(path) ?? send(method, path, body, signal, known));
    text = await answer.text(); // a connection may be lost before its end
  } catch (fault) {
    if ((fault as Error).name === 'AbortError') throw fault;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
  }
  if (known && answer.status === 304) return undefined as T;
  let parsed: any = undefined;
  try {
    parsed = text ? JSON.parse(text) : undefined;
  } catch {
    if (answer.ok)
      throw new ApiError(answer.status, 'malformed', 'The server answered with something that is not JSON.');
  }
  if (known && answer.ok) known.etag = answer.headers.get('ETag') ?? undefined;
  if (answer.ok) return parsed as T;
  if (answer.status === 401) onUnauthenticated();
  const error = parsed?.error ?? {};
  throw new ApiError(
    answer.status,
    error.code ?? 'failed',
    error.message ?? `The server answered ${answer.status}.`,
    error.detail,
  );
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>('GET', path, undefined, signal);
/** Asked again: undefined while the answer is as before, else the new one, whose tag `known` keeps. */
export const getIfNew = <T>(path: string, known: Known, signal?: AbortSignal) =>
  call<T | undefined>('GET', path, undefined, signal, known);
export const post = <T>(path: string, body: unknown = {}) => call<T>('POST', path, body);
