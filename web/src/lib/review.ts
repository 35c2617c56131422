// What a change request still needs, in numbers: "1 of 2, needs risk".
import type { ChangeRequest, Grant, Me, Verdict } from './types';

export interface Approvals { given: number; wanted: number; missing: string[]; roles: string[] }

/** Roles are counted once, with the highest count, as the gate does. A policy that asks for no person wants nobody. */
export function approvalsOf(verdict: Verdict | undefined): Approvals {
  const byRole = new Map<string, { given: number; wanted: number }>();
  for (const finding of verdict?.require ?? []) {
    if (!finding.approvals?.role) continue;
    const wanted = Math.max(1, Math.round(Number(finding.approvals.count ?? 1)) || 1);
    const known = byRole.get(finding.approvals.role);
    const persons = (finding.by ?? []).filter((by) => by.includes(':')).length;
    byRole.set(finding.approvals.role, { wanted: Math.max(wanted, known?.wanted ?? 0), given: Math.max(persons, known?.given ?? 0) });
  }
  const rows = [...byRole].map(([role, { given, wanted }]) => ({ role, given: Math.min(given, wanted), wanted }));
  return {
    given: rows.reduce((sum, row) => sum + row.given, 0), wanted: rows.reduce((sum, row) => sum + row.wanted, 0),
    missing: rows.filter((row) => row.given < row.wanted).map((row) => row.role), roles: rows.map((row) => row.role),
  };
}
export function approvalWords(verdict: Verdict | undefined): string {
  const { given, wanted, missing } = approvalsOf(verdict);
  return wanted === 0 ? 'none asked for' : `${given} of ${wanted}${missing.length ? `, needs ${missing.join(' and ')}` : ''}`;
}

/** As the server matches grants: `*` in a pattern stands for anything. */
function fits(pattern: string, name: string) {
  const text = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
  return new RegExp(`^${text}$`, 's').test(name);
}
const approves = ({ role }: Grant) => !['reader', 'contributor', 'auditor', 'runner'].includes(role);
/** The roles in which somebody may answer about an asset of that name. What is shown follows it; the server decides. */
export function rolesToApprove(me: Me | undefined, name: string): string[] {
  return [...new Set((me?.grants ?? []).filter((grant) => approves(grant) && fits(grant.name_pattern || '*', name)).map((grant) => grant.role))];
}

/** Why somebody else must answer: in every role that is asked of them (of anybody, when none is), their own work or wish is out. */
export function whyNotApprove(request: ChangeRequest, me: Me | undefined, author: string): string | undefined {
  const mine = rolesToApprove(me, request.name);
  const all = request.verdict.require.flatMap(({ approvals }) => (approvals?.role ? [approvals] : []));
  const ofMe = all.filter(({ role }) => mine.includes(role!)), asked = ofMe.length ? ofMe : all;
  const reason = (asks: typeof asked) =>
    author === me?.actor && asks.some((it) => it.not_author !== false) ? 'You made this version, so somebody else has to approve it.'
    : request.requested_by === me?.actor && asks.some((it) => it.not_requester) ? 'You asked for this move, so somebody else has to approve it.' : undefined;
  const reasons = [...new Set(asked.map((it) => it.role))].map((role) => reason(asked.filter((it) => it.role === role)));
  return reasons.every(Boolean) ? reasons[0] : undefined;
}

/** What an admin types to add a role: grants are replaced as a whole, so those that are there stand in it too. */
export function grantCommand(me: Me | undefined, role: string): string {
  const grants = (me?.grants ?? []).map(({ role, workspace, name_pattern }) =>
    (workspace === '*' && name_pattern === '*' ? role : `'${role}:${workspace}:${name_pattern}'`));
  return `regesta user grant ${me?.name ?? 'NAME'} ${[...grants, role].map((grant) => `--grant ${grant}`).join(' ')}`;
}
