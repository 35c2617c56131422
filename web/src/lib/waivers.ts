// Types of the API's answers about waivers and moves against the policies, and their words.
import { query } from './address';

export interface Waiver {
  id: number;
  kind: string;
  name_pattern: string;
  version: number;
  pointer: string;
  policy: string;
  code: string;
  role: string;
  reason: string;
  status: 'requested' | 'approved' | 'revoked';
  in_force: boolean;
  why: string;
  expires_at: string;
  requested_at: string;
  requested_by: string;
  approved_at?: string;
  approved_by?: string;
  revoked_at?: string;
  revoked_by?: string;
  note?: string;
}
export interface BreakGlass {
  id: number;
  kind: string;
  name: string;
  pointer: string;
  from: number;
  to: number;
  decision: string;
  reason: string;
  status: 'open' | 'accepted' | 'objected';
  overdue: boolean;
  used_at: string;
  used_by: string;
  reviewed_at?: string;
  reviewed_by?: string;
  conclusion?: string;
}
/** A violation that a waiver let pass, as decisions list it. */
export interface Waived {
  waiver: number;
  policy: string;
  code: string;
  msg: string;
}

export type WaiverState = 'in force' | 'requested' | 'expired' | 'revoked' | 'not in force';
/** A requested waiver whose date has passed can no longer be approved: it has expired, too. */
export function stateOf(waiver: Waiver, now = Date.now()): WaiverState {
  if (waiver.in_force) return 'in force';
  if (waiver.status === 'revoked') return 'revoked';
  if (new Date(waiver.expires_at).getTime() <= now) return 'expired';
  return waiver.status === 'requested' ? 'requested' : 'not in force';
}
export const waiverTones = {
  'in force': 'good',
  requested: 'wait',
  expired: 'plain',
  revoked: 'plain',
  'not in force': 'bad',
} as const;
/** "model/loan-risk@3 on production" */
export const scopeWords = (waiver: Waiver) =>
  `${waiver.kind === '*' ? 'every kind' : waiver.kind}/${waiver.name_pattern}${waiver.version ? `@${waiver.version}` : ''} on ${waiver.pointer}`;
/** "fairness of four-eyes": what passes. */
export const codeWords = (waiver: Waiver) => waiver.code + (waiver.policy ? ` of ${waiver.policy}` : '');

export const reviewTone = ({ status, overdue }: BreakGlass) =>
  status === 'accepted' ? 'good' : status === 'objected' || overdue ? 'bad' : 'wait';
export const reviewWords = ({ status, overdue }: BreakGlass) =>
  status === 'open' ? (overdue ? 'Review overdue' : 'Review pending') : status === 'accepted' ? 'Accepted' : 'Objected';
/** "version 2 → 3 on production" */
export const moveWords = ({ from, to, pointer }: BreakGlass) =>
  `${from ? `version ${from}` : 'Not set'} → ${to || 'Removed'} on ${pointer}`;

export const waiverAddress = (id: number) => `/waivers?waiver=${id}`;
export const breakGlassAddress = (id: number) => `/waivers?review=${id}`;
export const decisionAddress = (digest: string) => `/decisions/${digest}`;
/** The form of a request, filled in as far as is known. */
export const requestWaiverAddress = (asset: { kind: string; name: string; version?: number; code?: string }) =>
  query('/waivers', { request: 1, ...asset });
