/** Starts the real server for the tests. REGESTA_BINARY names the program. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Server {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'regesta-ts-'));
    this.port = 0;
  }

  async start() {
    if (!this.port) this.port = await freePort();
    this.process = spawn(
      process.env.REGESTA_BINARY,
      ['serve', '--data', join(this.folder, 'data'), '--listen', `127.0.0.1:${this.port}`],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await new Promise((resolve, reject) => {
      this.process.stdout.once('data', resolve);
      this.process.once('exit', () => reject(new Error('the server did not start')));
    });
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop() {
    if (this.process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
  }

  async remove() {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  async api(method, path, body) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  make(name, content) {
    return this.api('POST', `/api/v1/prompts/${name}/versions`, content);
  }

  point(name, version, alias = 'production') {
    return this.api('PUT', `/api/v1/assets/prompt/${name}/aliases/${alias}`, { version: String(version) });
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** What `check` returns, as soon as it is true. */
export async function eventually(check, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
