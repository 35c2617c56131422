import type { Webhook } from './governance';

export function webhookState(hook: Webhook): { word: string; tone: 'good' | 'bad' | 'wait' | 'plain' } {
  if (!hook.active) return { word: 'paused', tone: 'plain' };
  if (hook.problem) return { word: hook.attempts > 1 ? `failing, ${hook.attempts} attempts` : 'failing', tone: 'bad' };
  return { word: '✓ delivering', tone: 'good' };
}
