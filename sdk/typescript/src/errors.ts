/** A request that failed. `status` is HTTP's, 0 if the server could not be reached; `code` is the API's. */
export class RegestaError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(message: string, status = 0, code = '', detail: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

/** The server cannot be reached, or has a fault (status 5xx). The same request may succeed later. */
export class Unavailable extends RegestaError {}

/** There is no such prompt, version or alias, or you may not read it. */
export class NotFound extends RegestaError {}

/** Credentials are missing or wrong (401), or a role is missing (403). */
export class AccessDenied extends RegestaError {}

/** What a policy says about a move. */
export interface Finding {
  code?: string;
  msg?: string;
  remediation?: string;
  needs?: string;
  met?: boolean;
  [member: string]: unknown;
}

/** A gate does not allow a move: a policy denies it, or approvals or evidence are missing. */
export class GateRefused extends RegestaError {
  /** `refused`, or `pending` if a change request waits for approvals or evidence. */
  get outcome(): string {
    return String(this.detail['outcome'] ?? 'refused');
  }
  /** What policies deny. */
  get violations(): Finding[] {
    return this.#findings('deny');
  }
  /** What policies require; those with `met` false are missing. */
  get requirements(): Finding[] {
    return this.#findings('require');
  }
  get warnings(): Finding[] {
    return this.#findings('warn');
  }
  /** Digest of the stored decision. */
  get decision(): string {
    return String(this.detail['decision'] ?? '');
  }
  /** Number of the change request that is open now. */
  get changeRequest(): number | undefined {
    const id = record(this.detail['change_request'])?.['id'];
    return typeof id === 'number' ? id : undefined;
  }
  get changeRequestUrl(): string {
    return String(record(this.detail['change_request'])?.['url'] ?? '');
  }

  #findings(name: string): Finding[] {
    return findings(this.detail['verdict'], name);
  }
}

export function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

export function findings(verdict: unknown, name: string): Finding[] {
  const found = record(verdict)?.[name];
  return Array.isArray(found) ? (found as Finding[]) : [];
}

/** The error for an error response of the native API. */
export function errorOf(status: number, body: unknown): RegestaError {
  const error = record(record(body)?.['error']) ?? {};
  const code = String(error['code'] ?? '');
  const message = String(error['message'] || `the server answers ${status}`);
  let kind: typeof RegestaError = RegestaError;
  if (code === 'refused') kind = GateRefused;
  else if (status === 401 || status === 403) kind = AccessDenied;
  else if (status === 404) kind = NotFound;
  else if (status >= 500 && status !== 501) kind = Unavailable;
  return new kind(message, status, code, record(error['detail']) ?? {});
}
