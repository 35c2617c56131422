// Types of the API's answers about incidents, as far as the screen uses them.
import { path } from './address';

export interface Incident {
  id: number;
  /** model/loan-risk@3 */
  version: string;
  status: 'open' | 'resolved' | 'dismissed';
  reason: string;
  opened_at: string;
  opened_by: string;
  closed_at?: string;
  closed_by?: string;
  conclusion?: string;
  mitigation?: string;
  report?: number;
}
interface Serving {
  pointer: string;
  since?: string;
  by: string;
}
export interface Promotion {
  pointer: string;
  moved: boolean;
  at: string;
  by: string;
  reason: string;
  policies?: string[];
  change_request?: number;
  approvals: { by: string; roles: string[]; at: string }[];
}
interface Uses {
  count: number;
  first_at?: string;
  last_at?: string;
}
export interface IncidentFacts {
  collected_at: string;
  serving: Serving[];
  promotions: Promotion[];
  evidence: { id: number; type: string; verified: boolean; by: string; at: string }[];
  used: { traces: Uses; runs: Uses; records: Uses };
  related: { node: string; relation: string; shares: string[] }[];
}
export interface IncidentReport {
  incident: Incident;
  facts: IncidentFacts;
  serving: Serving[];
  mitigation?: { subject: string; promotions: Promotion[] };
  notes: { kind: string; text: string; at: string; by: string }[];
  withheld: boolean;
  may_close: boolean;
}
export const incidentAddress = (id: number) => `/incidents?incident=${id}`;
export const openIncidentAddress = (version: string) => `/incidents?version=${encodeURIComponent(version)}`;
/** The incident that a reason for quarantine names, if it is one. */
export const incidentIn = (quarantine: string) => Number(/^incident (\d+):/.exec(quarantine)?.[1]) || undefined;
export const tones = { open: 'bad', resolved: 'good', dismissed: 'plain' } as const;
/** Where a browser reads the report. */
export const reportAddress = (id: number) => `${path('incidents', id, 'report')}?format=html`;
