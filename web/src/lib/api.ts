// The public native API and nothing else. Every answer that is not 2xx becomes an ApiError with the server's own words.
import { arrival } from './arrival.svelte';

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string, readonly detail: unknown = undefined) {
    super(message);
  }
}

/** What the last answer was tagged with. */
export interface Known { etag?: string }

let onUnauthenticated = () => {};
export function whenSignedOut(fn: () => void) {
  onUnauthenticated = fn;
}

const early = new Map<string, Promise<Response>>();
/** Asks for what will be asked for: the next question in the same words takes the answer. Not taken soon, it is forgotten. */
export function askEarly(path: string) {
  const answer = send('GET', path);
  answer.catch(() => {}); // whoever takes it hears of it
  early.set(path, answer);
  setTimeout(() => early.delete(path), 5000);
}
function taken(path: string) {
  const answer = early.get(path);
  early.delete(path);
  return answer;
}
function send(method: string, path: string, body?: unknown, signal?: AbortSignal, known?: Known) {
  return fetch(path, {
    method, signal, credentials: 'same-origin',
    headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(known?.etag ? { 'If-None-Match': known.etag } : {}) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

export function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, known?: Known): Promise<T> {
  const answer = ask<T>(method, path, body, signal, known);
  return method === 'GET' ? arrival.with(answer) : answer;
}
async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, known?: Known): Promise<T> {
  let answer: Response;
  try {
    if (method !== 'GET') early.clear(); // a deed (signing in is one) makes them old
    answer = await (taken(path) ?? send(method, path, body, signal, known));
  } catch (fault) {
    if ((fault as Error).name === 'AbortError') throw fault;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
  }
  if (known && answer.status === 304) return undefined as T;
  const text = await answer.text();
  let parsed: any = undefined;
  try {
    parsed = text ? JSON.parse(text) : undefined;
  } catch {
    if (answer.ok) throw new ApiError(answer.status, 'malformed', 'The server answered with something that is not JSON.');
  }
  if (known && answer.ok) known.etag = answer.headers.get('ETag') ?? undefined;
  if (answer.ok) return parsed as T;
  if (answer.status === 401) onUnauthenticated();
  const error = parsed?.error ?? {};
  throw new ApiError(answer.status, error.code ?? 'failed', error.message ?? `The server answered ${answer.status}.`, error.detail);
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>('GET', path, undefined, signal);
/** Asked again: undefined while the answer is as before, else the new one, whose tag `known` keeps. */
export const getIfNew = <T>(path: string, known: Known, signal?: AbortSignal) => call<T | undefined>('GET', path, undefined, signal, known);
/** The same, and no screen waits with showing itself: its place is kept. */
export const getAside = <T>(path: string, known: Known) => ask<T | undefined>('GET', path, undefined, undefined, known);
export const post = <T>(path: string, body: unknown = {}) => call<T>('POST', path, body);

/** Joins path segments, each encoded. */
export const path = (...segments: (string | number)[]) => '/api/v1/' + segments.map((s) => encodeURIComponent(s)).join('/');
export function query(base: string, values: Record<string, string | number | readonly string[] | undefined>) {
  const pairs = Object.entries(values).flatMap(([k, v]) => (Array.isArray(v) ? v.map((item) => [k, item]) : [[k, v]])).filter(([, v]) => v !== undefined && v !== '');
  return pairs.length === 0 ? base : `${base}?${new URLSearchParams(pairs.map(([k, v]) => [String(k), String(v)]))}`;
}
