import type { Waived } from './waivers';

export interface Page<T> {
  items: T[];
  next_page_token?: string;
}
export interface Grant {
  role: string;
  workspace: string;
  name_pattern: string;
}
export interface Me {
  name: string;
  actor: string;
  local: boolean;
  grants: Grant[];
}
export interface Asset {
  workspace: string;
  kind: string;
  name: string;
  description: string;
  created_by: string;
  created_at: string;
  updated_at: string;
  tags: Record<string, string>;
  latest_version: number;
  aliases: { name: string; version: number }[];
}
export interface Version {
  kind: string;
  name: string;
  version: number;
  semver?: string;
  digest: string;
  content?: any;
  description: string;
  stage: string;
  source: string;
  run_id?: string;
  created_at: string;
  archived_at?: string;
  expires_at?: string;
  created_by: string;
  tags: Record<string, string>;
  aliases: string[];
  quarantine?: string;
}
export interface Alias {
  name: string;
  version: number;
  protected: boolean;
  moved_at: string;
  moved_by: string;
}
export interface HistoryItem {
  at: string;
  action: string;
  from: number;
  to: number;
  actor: string;
  requested_by?: string;
  approved_by: string[];
  decision?: string;
  entry_index?: number;
  codes: string[];
  reason?: string;
}
export interface Finding {
  code: string;
  msg: string;
  remediation?: string;
  needs?: string;
  met?: boolean;
  by?: string[];
  approvals?: { role?: string; count?: number; not_author?: boolean; not_requester?: boolean };
}
export interface Verdict {
  deny: Finding[];
  warn: Finding[];
  require: Finding[];
  error?: string;
}
export interface MoveOutcome {
  outcome: string;
  entry?: number;
  verdict?: Verdict;
  change_request?: { id: number };
  waived?: Waived[];
}
/** What the approval of whoever asks would be. */
export interface Viewer {
  may_approve: boolean;
  roles: string[];
  counts: boolean;
  excluded?: 'author' | 'requester';
  /** The same on behalf of each user whose delegate they are. */
  delegated?: { delegator: string; counts: boolean; roles: string[]; excluded?: 'author' | 'requester' }[];
}
export interface ChangeRequest {
  id: number;
  status: string;
  kind: string;
  name: string;
  pointer: string;
  action: string;
  version: number;
  from: number;
  digest: string;
  from_digest: string;
  reason: string;
  requested_by: string;
  opened_at: string;
  closed_at?: string;
  closed_by?: string;
  closed_reason?: string;
  decision: string;
  verdict: Verdict;
  waivers?: Waived[];
  plan?: any;
  approvals: { user: string; roles: string[]; comment: string; at: string; lapsed?: boolean; on_behalf_of?: string }[];
  tickets?: { connection: string; type: string; key: string; url: string; problem?: string }[];
  not_before?: string;
  together?: number[];
  viewer?: Viewer;
}
export interface Evidence {
  id: number;
  kind: string;
  name: string;
  version: number;
  type: string;
  verified: boolean;
  digest: string;
  by: string;
  at: string;
  summary: any;
  body?: any;
}
export interface Entry {
  index: number;
  id: number;
  salt?: string;
  body: { action: string; actor: string; subject: string; time: string; workspace: string; data: any; v: number };
}
export interface LedgerState {
  size: number;
  origin: string;
  vkey: string;
  checkpoint: string;
}
export interface Run {
  id: string;
  name: string;
  experiment_id: string;
  experiment?: string;
  status: string;
  user: string;
  started_at: string;
  ended_at?: string;
  metrics: RunMetric[];
  params: Record<string, string>;
  tags: Record<string, string>;
  artifact_uri: string;
  datasets: { name: string; digest: string }[];
  logged_models: string[];
  sealed_digest?: string;
  deleted: boolean;
}
export interface RunMetric {
  key: string;
  value: number | string;
  step: number;
  timestamp: number;
}
export interface Experiment {
  id: string;
  name: string;
  created_at?: string;
  tags: Record<string, string>;
}
export interface Curve {
  run: string;
  metric: string;
  steps: number[];
  times: number[];
  values: (number | string)[];
}
export interface Binding {
  id: number;
  kind: string;
  name_pattern: string;
  pointer: string;
  policy: string;
  policy_selector: string;
  created_by: string;
  created_at: string;
}
export interface GoldenRule {
  name: string;
  kind: string;
  name_pattern: string;
  dataset: string;
  selector: string;
  method: string;
  tolerance: number;
  repeats: number;
  golden_changed: boolean;
  created_at: string;
}
export interface GoldenRun {
  subject: string;
  status: string;
  job?: number;
  evidence?: number;
  problem?: string;
  at?: string;
  summary?: { passed: boolean; rows: number; different: number; errors: number; deterministic?: boolean };
}
export interface GoldenReport {
  rule: GoldenRule;
  /** newest first */
  runs: GoldenRun[];
}
interface GoldenPlace {
  path: string;
  expected: string;
  actual: string;
}
/** A row of golden data that was not answered as expected. */
export interface GoldenRow {
  row: number;
  error?: string;
  difference?: GoldenPlace;
  varies?: GoldenPlace;
}
export interface DecisionRecord {
  /** BATCH.POSITION */
  id: string;
  batch: number;
  model?: string;
  /** Instead of a model: a decision of an OPA. */
  policy?: string;
  prompt?: string;
  at?: string;
  erased_at?: string;
  readable: boolean;
  subject?: string;
  caller?: string;
  record?: unknown;
}
export interface BatchCheck {
  records: number;
  digest: string;
  faults: { subject: string; what: string }[];
}
export interface AccessEntry {
  id: number;
  at: string;
  actor: string;
  front: string;
  action: string;
  path?: string;
  bytes: number;
}
export interface Job {
  id: number;
  type: string;
  subject: string;
  status: string;
  needs?: string;
  leased_by?: string;
  reason?: string;
  created_at: string;
}
