// What a change request still needs, in numbers: "1/2 · risk pending".
import type { Finding, Me, Verdict, Viewer } from './types';

export interface Approvals {
  given: number;
  wanted: number;
  missing: string[];
  roles: string[];
}

const needOf = ({ count }: { count?: number }) => ({ count: Math.max(1, Math.round(Number(count ?? 1)) || 1) });
/** Roles are counted once, with the highest count, as the gate does. A policy that asks for no person wants nobody. */
export function approvalsOf(verdict: Verdict | undefined): Approvals {
  const byRole = new Map<string, { given: number; wanted: number }>();
  for (const finding of verdict?.require ?? []) {
    if (!finding.approvals?.role) continue;
    const wanted = needOf(finding.approvals).count;
    const known = byRole.get(finding.approvals.role);
    const persons = (finding.by ?? []).filter((by) => by.includes(':')).length;
    byRole.set(finding.approvals.role, {
      wanted: Math.max(wanted, known?.wanted ?? 0),
      given: Math.max(persons, known?.given ?? 0),
    });
  }
  const rows = [...byRole].map(([role, { given, wanted }]) => ({ role, given: Math.min(given, wanted), wanted }));
  return {
    given: rows.reduce((sum, row) => sum + row.given, 0),
    wanted: rows.reduce((sum, row) => sum + row.wanted, 0),
    missing: rows.filter((row) => row.given < row.wanted).map((row) => row.role),
    roles: rows.map((row) => row.role),
  };
}
export function approvalWords(verdict: Verdict | undefined): string {
  const { given, wanted, missing } = approvalsOf(verdict);
  return wanted === 0
    ? 'not required'
    : `${given}/${wanted}${missing.length ? ` · ${missing.join(', ')} pending` : ''}`;
}

/** "1 risk approval required (author can't approve)"; of other requirements what the server says. */
export function needWords({ approvals, needs }: Finding): string {
  if (!approvals?.role) return needs ?? '';
  const { count } = needOf(approvals);
  const barred = [approvals.not_author !== false && 'author', approvals.not_requester && 'requester'].filter(Boolean);
  const except = barred.length ? ` (${barred.join(' and ')} can't approve)` : '';
  return `${count} ${approvals.role} ${count === 1 ? 'approval' : 'approvals'}${except}`;
}

/** Why the viewer's approval cannot count: the server says which rule, this page says it in words. */
export function whyExcluded(viewer: Pick<Viewer, 'excluded'> | undefined): string | undefined {
  if (viewer?.excluded === 'author') return 'You made this version, so somebody else has to approve it.';
  if (viewer?.excluded === 'requester') return 'You requested this change, so somebody else has to approve it.';
  return undefined;
}

/** What an admin types to add a role: grants are replaced as a whole, so those that are there stand in it too. */
export function grantCommand(me: Me | undefined, role: string): string {
  const grants = (me?.grants ?? []).map(({ role, workspace, name_pattern }) =>
    workspace === '*' && name_pattern === '*' ? role : `'${role}:${workspace}:${name_pattern}'`,
  );
  return `regesta user grant ${me?.name ?? 'NAME'} ${[...grants, role].map((grant) => `--grant ${grant}`).join(' ')}`;
}
