// Requests, and answers that were asked for before anybody could take them.

/** What the last answer was tagged with. */
export interface Known {
  etag?: string;
}

export function send(method: string, path: string, body?: unknown, signal?: AbortSignal, known?: Known) {
  return fetch(path, {
    method,
    signal,
    credentials: 'same-origin',
    headers: {
      Accept: 'application/json',
      'X-Requested-With': 'fetch' /* the browser's own sign-in window stays away, also over HTTP */,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(known?.etag ? { 'If-None-Match': known.etag } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

const early = new Map<string, Promise<Response>>();
/**
 * Asks for what will be asked for: the next question in the same words takes the answer. Not taken soon, it is
 * forgotten.
 */
export function askEarly(path: string) {
  const answer = send('GET', path);
  answer.catch(() => {}); // whoever takes it hears of it
  early.set(path, answer);
  setTimeout(() => early.delete(path), 5000);
}
export function taken(path: string) {
  const answer = early.get(path);
  early.delete(path);
  return answer;
}
export const forget = () => early.clear();
