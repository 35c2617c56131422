// Types of the API's responses about governance, as far as screens use them.
import type { Paged } from './load.svelte';
import type { HistoryItem } from './types';

export interface Comment {
  id: number;
  user: string;
  body: string;
  place?: string;
  at: string;
}
/** What people say about a change request, and where more of it goes. */
export interface Discussed {
  request: number;
  comments: Paged<Comment>;
}
export interface Standing {
  kind: string;
  name: string;
  pointer: string;
  at: string;
  version: number;
  digest?: string;
  semver?: string;
  since?: HistoryItem;
  until?: HistoryItem;
}
export interface TestCase {
  package: string;
  name: string;
  outcome: 'passed' | 'failed' | 'error' | 'skipped';
  message: string;
  prints: string[];
  duration: number;
}
export interface TestReport {
  ok: boolean;
  error?: string;
  tests: TestCase[];
  percent: number;
}
export interface Webhook {
  id: number;
  url: string;
  description: string;
  actions: string[];
  names: string;
  active: boolean;
  secret?: string;
  next_index: number;
  attempts: number;
  next_attempt_at?: string;
  problem?: string;
  created_at: string;
  created_by: string;
}
export interface Delivery {
  index?: number;
  action: string;
  attempt: number;
  delivered: boolean;
  status?: number;
  problem?: string;
  millis: number;
  at?: string;
}
export interface GuardArm {
  version: number;
  reports: number;
  mean?: number;
  low: number;
  high: number;
}
export interface Guard {
  guard: string;
  metric: string;
  arm: string;
  role: string;
  standing: string;
  why: string;
  candidate: GuardArm;
  stable: GuardArm;
  method: string;
  e: number;
  threshold: number;
  p?: number;
  frozen_mean?: number;
  observations: number;
  breached_at?: string;
  uneven_at?: string;
  last_report_at?: string;
  config: { margin: number; direction: string; min: number; max: number; on_breach: string; dry_run?: boolean };
}
export interface Guards {
  rollout: number;
  status: string;
  ended_by?: string;
  end_reason?: string;
  hold?: string;
  items: Guard[];
}
