/** Requests over kept-alive connections. */
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { errorOf, RegestaError, Unavailable } from './errors.js';
import type { Settings } from './settings.js';

const LARGEST_ANSWER = 64 * 1024 * 1024;

/** Percent-encoded, as one part of a path or a query. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
}

export interface Answer {
  status: number;
  etag: string;
  body: string;
}

/** The JSON of a successful response. Throws RegestaError otherwise. */
export function good(answer: Answer): unknown {
  let body: unknown;
  try {
    body = answer.body === '' ? null : JSON.parse(answer.body);
  } catch {
    if (answer.status < 300)
      throw new RegestaError('the response is not JSON: is this a Regesta server?', answer.status);
  }
  if (answer.status >= 300) throw errorOf(answer.status, body);
  return body;
}

/** One server, one caller. Fails with Unavailable if the server cannot be reached. */
export class Transport {
  readonly #agent: http.Agent;
  readonly #tls: boolean;
  readonly #base: URL;
  readonly #headers: Record<string, string>;

  constructor(
    readonly settings: Settings,
    readonly timeout: number,
    userAgent: string,
  ) {
    this.#base = new URL(settings.url);
    this.#tls = this.#base.protocol === 'https:';
    const options = {
      keepAlive: true,
      maxFreeSockets: 16,
      ...(settings.caFile && { ca: readFileSync(settings.caFile) }),
    };
    this.#agent = this.#tls ? new https.Agent(options) : new http.Agent(options);
    this.#headers = { 'User-Agent': userAgent, Accept: 'application/json' };
    if (settings.authorization) this.#headers['Authorization'] = settings.authorization;
    if (settings.workspace) this.#headers['X-Regesta-Workspace'] = settings.workspace;
  }

  /**
   * Opens a request and resolves with its response, whose body has not been read. `agent` false: a connection
   * of its own.
   */
  open(
    method: string,
    path: string,
    headers: Record<string, string>,
    seconds: number,
    body?: Buffer,
    agent?: false,
  ): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = (this.#tls ? https : http).request({
        method,
        protocol: this.#base.protocol,
        hostname: this.#base.hostname.replace(/^\[|\]$/g, ''),
        port: this.#base.port,
        path: this.#base.pathname.replace(/\/+$/, '') + path,
        headers: { ...this.#headers, ...headers },
        agent: agent === false ? false : this.#agent,
        ...(agent === false && this.settings.caFile && { ca: readFileSync(this.settings.caFile) }),
      });
      request.setTimeout(seconds * 1000, () => request.destroy(new Error(`no data within ${seconds} seconds`)));
      request.once('response', resolve);
      request.on('error', (error) => reject(Object.assign(error, { reused: request.reusedSocket })));
      request.end(body);
    });
  }

  /** `body` is JSON, or bytes that are sent as they are. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    etag = '',
    seconds = this.timeout,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const headers: Record<string, string> = { ...more };
    if (etag) headers['If-None-Match'] = etag;
    const content = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    if (content)
      Object.assign(headers, { 'Content-Type': 'application/json', 'Content-Length': String(content.length) });
    for (let attempt = 0; ; ++attempt) {
      try {
        const response = await this.open(method, path, headers, seconds, content);
        return { status: response.statusCode ?? 0, etag: response.headers.etag ?? '', body: await read(response) };
      } catch (error) {
        if (error instanceof RegestaError) throw error;
        const { reused, code, message } = error as Error & { reused?: boolean; code?: string };
        // The server closed an idle connection meanwhile.
        if (reused && method === 'GET' && attempt === 0 && (code === 'ECONNRESET' || code === 'EPIPE')) continue;
        throw new Unavailable(
          `${this.settings.url} cannot be reached: ${message || code}`,
          0,
          '',
          {},
          { cause: error },
        );
      }
    }
  }

  /** The JSON of a successful response. Fails with RegestaError otherwise. */
  async call(method: string, path: string, body?: unknown, seconds?: number): Promise<unknown> {
    return good(await this.request(method, path, body, '', seconds));
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function read(response: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_ANSWER) {
      response.destroy();
      throw new RegestaError(`the response has more than ${LARGEST_ANSWER} bytes`, response.statusCode ?? 0);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
