/** The last good responses on disk, one file each, for a start while the server is unavailable. */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { record } from './errors.js';
import type { Settings } from './settings.js';

export interface Stored {
  body: string;
  etag: string;
  /** Seconds since the server last confirmed it. */
  age: number;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Files below `folder`, in the same layout as the Python client's. Another server, workspace or caller has
 * another folder: what one may read, others may not. A disk that fails is reported once, and not used.
 */
export class Disk {
  readonly #folder: string;
  readonly #ready: Promise<void>;
  #warned = false;
  /** Writes, one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(
    folder: string,
    settings: Settings,
    most: number,
    readonly warn: (message: string) => void,
  ) {
    this.#folder = join(
      folder,
      sha256([settings.url, settings.workspace, settings.authorization].join('\0')).slice(0, 32),
    );
    this.#ready = this.#prepare(most).catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    if (!this.#warned) this.warn(`prompts cannot be kept in ${this.#folder}: ${(error as Error).message}`);
    this.#warned = true;
  }

  /** Deletes what a process left unfinished, and the oldest files above `most`. */
  async #prepare(most: number): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const files: [number, string][] = [];
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const changed = (await stat(path)).mtimeMs;
      if (name.endsWith('.json')) files.push([changed, path]);
      else if (changed < Date.now() - 3_600_000) await unlink(path);
    }
    files.sort((a, b) => a[0] - b[0]);
    for (const [, path] of files.slice(0, Math.max(0, files.length - most))) await unlink(path);
  }

  #file(path: string): string {
    return join(this.#folder, sha256(path).slice(0, 40) + '.json');
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last
      .then(() => this.#ready)
      .then(work)
      .catch((error: unknown) => this.#failed(error));
    return this.#last;
  }

  async read(path: string): Promise<Stored | undefined> {
    await this.#last;
    await this.#ready;
    const file = this.#file(path);
    try {
      const age = (Date.now() - (await stat(file)).mtimeMs) / 1000;
      const kept = record(JSON.parse(await readFile(file, 'utf8')));
      if (kept?.['path'] !== path || typeof kept['body'] !== 'string' || typeof kept['etag'] !== 'string')
        return undefined;
      return { body: kept['body'], etag: kept['etag'], age: Math.max(0, age) };
    } catch (error) {
      if (error instanceof SyntaxError) {
        this.warn(`${file} cannot be read and was deleted`);
        await this.remove(path);
      } else if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#failed(error);
      }
      return undefined;
    }
  }

  /** Replaces the file at once: a reader sees the old or the new one. */
  write(path: string, body: string, etag: string): Promise<void> {
    return this.#inTurn(async () => {
      const temporary = join(this.#folder, `.${randomBytes(8).toString('hex')}`);
      const handle = await open(temporary, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
      try {
        await handle.writeFile(JSON.stringify({ path, etag, body }));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, this.#file(path));
    });
  }

  /** The server said that the file is as it should be. */
  confirm(path: string): Promise<void> {
    return this.#inTurn(async () => {
      const now = new Date();
      await utimes(this.#file(path), now, now).catch(() => {});
    });
  }

  remove(path: string): Promise<void> {
    return this.#inTurn(async () => {
      await unlink(this.#file(path)).catch(() => {});
    });
  }

  /** Until everything is written. */
  settled(): Promise<void> {
    return this.#last;
  }
}
