// Types of the API's answers about delegates, and their words.

export interface Delegate {
  id: number;
  delegator: string;
  delegate: string;
  role: string;
  reason: string;
  in_force: boolean;
  why: string;
  starts_at: string;
  ends_at: string;
  removed_by?: string;
}
export type DelegateState = 'in force' | 'not started' | 'ended' | 'removed' | 'not in force';
export const delegateState = ({ in_force, why }: Delegate): DelegateState =>
  in_force
    ? 'in force'
    : why === 'not started' || why === 'ended' || why === 'removed'
      ? (why as DelegateState)
      : 'not in force';
export const delegateTones = {
  'in force': 'good',
  'not started': 'wait',
  ended: 'plain',
  removed: 'plain',
  'not in force': 'bad',
} as const;
