// How times, numbers and actors read.
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const steps: [Intl.RelativeTimeFormatUnit, number][] = [['year', 31557600], ['month', 2629800], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60]];

export function ago(time: string, now = Date.now()) {
  const seconds = (new Date(time).getTime() - now) / 1000;
  for (const [unit, length] of steps) if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  return 'just now';
}
export const exact = (time: string) => new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
export const number = (value: number) => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))));
export const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
export const who = (actor: string) => actor.replace(/^(user|local):/, '').replace(/^system:/, 'the ');
export const short = (digest: string) => digest.slice(0, 12);
export function bytes(size: number) {
  for (const [unit, length] of [['GB', 1e9], ['MB', 1e6], ['kB', 1e3]] as const) if (size >= length) return `${(size / length).toFixed(1)} ${unit}`;
  return `${size} B`;
}
/** "alias.moved" as a person says it. */
const deeds: Record<string, string> = {
  'alias.moved': 'moved', 'alias.removed': 'removed', 'alias.move-refused': 'was refused to move', 'version.created': 'registered', 'asset.created': 'created',
  'stage.entered': 'moved into a stage', 'change-request.opened': 'asked for a change', 'change-request.applied': 'carried out', 'change-request.rejected': 'rejected',
  'change-request.withdrawn': 'withdrew', 'change-request.stale': 'closed as out of date', 'change-request.decided': 'had the gate decide anew about',
  'change-request.commented': 'commented on', 'guard.breached': 'was breached on', 'rollout.stepped': 'took the next step of', 'rollout.paused': 'paused', 'rollout.resumed': 'resumed',
  'approval.given': 'approved', 'evidence.added': 'gave evidence on', 'run.sealed': 'finished', 'user.created': 'created', 'token.created': 'created',
  'policy.bound': 'bound a policy to', 'rollout.started': 'started a rollout of', 'rollout.rolled-back': 'rolled back', 'rollout.completed': 'completed the rollout of',
};
export const deed = (action: string) => deeds[action] ?? action.replace('.', ' ').replaceAll('-', ' ');
