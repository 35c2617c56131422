/** Decision records, with the members of the HTTP API. */
import { parseReference } from './moves.js';
import { Prompt } from './prompt.js';

export interface RecordOptions {
  /** Any JSON; for a prompt, its variables. */
  inputs?: unknown;
  /** The person that the answer is about. */
  subject?: string;
  /** The application. */
  caller?: string;
  /** How the model was asked. */
  parameters?: unknown;
  seed?: number;
  trace_id?: string;
  /** RFC 3339; by default now. */
  at?: string;
  /** A batch that is sent again with the same key is not stored again. */
  idempotencyKey?: string | undefined;
}

/** A batch of records that is sealed into the ledger. */
export interface SealedBatch {
  batch: number;
  records: number;
  /** Root of the batch's Merkle tree. */
  digest: string;
  /** Id of the first record. */
  first: string;
}

export function recordOf(used: Prompt | string, output: unknown, more: RecordOptions): Record<string, unknown> {
  const { kind, name, selector } =
    used instanceof Prompt ? { kind: 'prompt', name: used.name, selector: String(used.version) } : parseReference(used);
  if (kind !== 'model' && kind !== 'prompt')
    throw new TypeError(`a record is about a model or a prompt, not "${String(used)}"`);
  return { [kind]: `${name}@${selector}`, output, ...more };
}
