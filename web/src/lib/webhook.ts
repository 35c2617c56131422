import type { Webhook } from './governance';

export function webhookState(hook: Webhook): { word: string; tone: 'good' | 'bad' | 'wait' | 'plain' } {
  if (!hook.active) return { word: 'Paused', tone: 'plain' };
  if (hook.problem) return { word: hook.attempts > 1 ? `Failing, ${hook.attempts} attempts` : 'Failing', tone: 'bad' };
  return { word: '✓ Delivering', tone: 'good' };
}
