/** Where the server is and who calls: options first, then the environment, the settings file and `regesta login`. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { record } from './errors.js';
import { parseSettings } from './toml.js';

export const DEFAULT_URL = 'http://127.0.0.1:4600';
export const FILE = 'regesta-client.toml';

/** How to reach a server, and which version of a prompt a name stands for. */
export interface Settings {
  url: string;
  authorization: string;
  workspace: string;
  caFile: string;
  cacheDir: string;
  prompts: ReadonlyMap<string, string>;
}

export interface ConnectionOptions {
  url?: string;
  token?: string;
  workspace?: string;
  caFile?: string;
  cacheDir?: string;
  /** Settings file; by default `regesta-client.toml` in the current folder, if it exists. */
  config?: string;
}

/** What `regesta login` stored, if anything. */
function storedLogin(): Record<string, unknown> {
  const folder = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  try {
    return record(JSON.parse(readFileSync(join(folder, 'regesta', 'credentials'), 'utf8'))) ?? {};
  } catch {
    return {};
  }
}

function basic(user: string, password: string): string {
  return 'Basic ' + Buffer.from(`${user}:${password}`).toString('base64');
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

export function settingsOf(options: ConnectionOptions): Settings {
  const env = process.env;
  const file = options.config ?? (existsSync(FILE) ? FILE : undefined);
  const members = file === undefined ? undefined : parseSettings(file, readFileSync(file, 'utf8'));
  const login = storedLogin();
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const trim = (url: string) => url.replace(/\/+$/, '');
  const url = trim(options.url || env['REGESTA_URL'] || members?.url || text(login['url']) || DEFAULT_URL);
  if (!/^https?:\/\//.test(url))
    throw new TypeError(`the server's URL must start with http:// or https://, not "${url}"`);
  const bearer = options.token || env['REGESTA_TOKEN'];
  let authorization = '';
  if (bearer) authorization = `Bearer ${bearer}`;
  else if (env['REGESTA_USER']) authorization = basic(env['REGESTA_USER'], env['REGESTA_PASSWORD'] ?? '');
  else if (trim(text(login['url'])) === url) {
    if (login['token']) authorization = `Bearer ${text(login['token'])}`;
    else if (login['user']) authorization = basic(text(login['user']), text(login['password']));
  }
  return {
    url,
    authorization,
    workspace: options.workspace || env['REGESTA_WORKSPACE'] || members?.workspace || '',
    caFile: options.caFile || env['REGESTA_CA_FILE'] || members?.caFile || '',
    cacheDir: options.cacheDir || expandHome(members?.cacheDir ?? ''),
    prompts: members?.prompts ?? new Map(),
  };
}
