// What the test files share: the server's address, the register as plain HTTP sees it, waiting.
import { randomBytes } from 'node:crypto';

export const url = process.env.REGESTA_URL;
export const fresh = (prefix = 'n') => `${prefix}-${randomBytes(6).toString('hex')}`;

export async function call(method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** A version of a prompt; the alias, when there is one, stands on it. Returns its number. */
export async function register(name, template, alias = 'production', more = {}) {
  const at = encodeURIComponent(name);
  const { version } = await call('POST', `/api/v1/prompts/${at}/versions`, { template, ...more });
  if (alias) await call('PUT', `/api/v1/assets/prompt/${at}/aliases/${alias}`, { version });
  return version;
}

export async function until(what, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const got = await what();
    if (got) return got;
    if (Date.now() > deadline) throw new Error('it did not come: ' + what);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
