/** Moves of aliases, and what a gate says about them. */
import { findings, record, type Finding } from './errors.js';

const KINDS = new Set(['model', 'prompt', 'dataset', 'artifact', 'policy']);

/** An alias that has moved, or was there already. */
export interface Move {
  /** `prompt/greeting#production` */
  subject: string;
  outcome: 'moved' | 'unchanged';
  /** 0: it did not exist. */
  fromVersion: number;
  toVersion: number;
  /** Digest of the gate's decision; empty without a policy. */
  decision: string;
  /** Index in the ledger. */
  entry: number | undefined;
  warnings: string[];
}

/** What the gate would decide about a move now. Nothing is stored. */
export class GateCheck {
  /** `moved` or `unchanged`: all checks pass; `pending`: approvals or evidence are missing; `refused`. */
  readonly outcome: string;
  readonly violations: Finding[];
  readonly requirements: Finding[];
  readonly warnings: Finding[];
  /** Why the policy could not be evaluated. */
  readonly fault: string;

  constructor(
    readonly reference: string,
    readonly alias: string,
    readonly detail: Readonly<Record<string, unknown>>,
  ) {
    const verdict = detail['verdict'];
    this.outcome = String(detail['outcome'] ?? '');
    this.violations = findings(verdict, 'deny');
    this.requirements = findings(verdict, 'require');
    this.warnings = findings(verdict, 'warn');
    this.fault = String(record(verdict)?.['error'] ?? '');
  }

  get passes(): boolean {
    return this.outcome === 'moved' || this.outcome === 'unchanged';
  }

  /** The requirements that are not met. */
  get missing(): Finding[] {
    return this.requirements.filter((one) => !one.met);
  }

  toString(): string {
    const lines = [`${this.reference} → ${this.alias}: ${this.passes ? 'would move' : 'would not move'}`];
    if (this.fault) lines.push(`  ✗ the policy could not be evaluated: ${this.fault}`);
    const marked: [string, Finding[]][] = [
      ['✗', this.violations],
      ['…', this.missing],
      ['!', this.warnings],
    ];
    for (const [mark, found] of marked)
      for (const one of found) {
        lines.push(`  ${mark} ${one.msg || one.code}`);
        if (one.needs) lines.push(`      needs ${one.needs}`);
        if (one.remediation) lines.push(`      to fix: ${one.remediation}`);
      }
    return lines.join('\n');
  }
}

/** Kind, name and selector of `prompt/greeting@2`; without a kind, a model. */
export function parseReference(reference: string): { kind: string; name: string; selector: string } {
  const at = reference.lastIndexOf('@');
  if (at <= 0 || at === reference.length - 1)
    throw new TypeError(`a version is written KIND/NAME@VERSION, not "${reference}"`);
  return { ...parseAsset(reference.slice(0, at)), selector: reference.slice(at + 1) };
}

export function parseAsset(asset: string): { kind: string; name: string } {
  const slash = asset.indexOf('/');
  const kind = asset.slice(0, Math.max(slash, 0));
  return KINDS.has(kind) && slash < asset.length - 1
    ? { kind, name: asset.slice(slash + 1) }
    : { kind: 'model', name: asset };
}

export function moveOf(answer: unknown): Move {
  const found = record(answer) ?? {};
  const entry = found['entry'];
  return {
    subject: String(found['subject'] ?? ''),
    outcome: found['outcome'] === 'unchanged' ? 'unchanged' : 'moved',
    fromVersion: Number(found['from'] ?? 0),
    toVersion: Number(found['to'] ?? 0),
    decision: String(found['decision'] ?? ''),
    entry: typeof entry === 'number' ? entry : undefined,
    warnings: Array.isArray(found['warnings']) ? found['warnings'].map(String) : [],
  };
}
