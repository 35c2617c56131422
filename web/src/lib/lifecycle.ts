// What the API answers about storage, holds and retention, as far as screens use it.

export interface Hold {
  id: number;
  target: string;
  reason: string;
  placed_by: string;
  placed_at: string;
  lifted_at?: string;
  lifted_by?: string;
  lift_reason?: string;
}
interface Sums {
  versions: number;
  files: number;
  logical_bytes: number;
  unique_bytes: number;
  share_bytes: number;
  cost_per_month?: number;
}
export interface UsageSum extends Sums {
  name: string;
  assets: number;
}
export interface UsageItem extends Sums {
  holder: 'asset' | 'runs' | 'clients';
  kind: string;
  name: string;
  team?: string;
}
export interface Usage {
  workspace: string;
  measured_at: string;
  logical_bytes: number;
  stored_bytes: number;
  quota_bytes?: number;
  price_per_gb_month?: number;
  cost_per_month?: number;
  kinds: UsageSum[];
  teams: UsageSum[];
  packs?: { content_bytes: number; pack_bytes: number };
  items: UsageItem[];
  next_page_token?: string;
}
export interface RetentionRule {
  name: string;
  revision: number;
  kind: string;
  name_pattern: string;
  keep_newest: number;
  archive_after?: string;
  delete_after?: string;
  age: 'creation' | 'use';
  set_at: string;
  set_by: string;
}
export interface RetentionPlan {
  digest: string;
  as_of: string;
  items: { action: 'archive' | 'delete'; subject: string; rules: string; created_at: string; bytes: number }[];
  kept: { subject: string; reason: string }[];
  kept_more: number;
  more: boolean;
}
export interface RetentionProgress {
  planned: number;
  deleted: number;
  archived: number;
  skipped: { subject: string; reason: string }[];
  finished: boolean;
}

/** A row of the storage table, whatever it sums. `free`: what deleting it would free; the rest of `share` is shared. */
export interface StorageRow {
  key: string;
  label: string;
  href?: string;
  sums: Sums;
}
export const holderWords: Record<string, string> = {
  runs: 'Artifacts of runs',
  clients: 'Objects of DVC, Git LFS and other clients',
};
export const cost = (value: number) =>
  value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** "Keep the newest 5. Archive after 90d, delete after 365d since creation." */
export function ruleWords(rule: RetentionRule) {
  const acts = [
    rule.archive_after !== undefined && `archive after ${rule.archive_after}`,
    rule.delete_after !== undefined && `delete after ${rule.delete_after}`,
  ].filter(Boolean);
  const text = `${acts.join(', ')} since ${rule.age === 'use' ? 'last use' : 'creation'}`;
  return `${rule.keep_newest ? `Keep the newest ${rule.keep_newest}; ` : ''}${text}`.replace(/^./, (c) =>
    c.toUpperCase(),
  );
}
