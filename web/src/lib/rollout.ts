// What the rollout API answers, and what it is asked, as far as screens use it.
import { ApiError } from './api';

export interface Step {
  weight: number;
  bake_seconds?: number;
}
export interface Arm {
  name: string;
  version: number;
  weight: number;
}
export interface Rollout {
  id: number;
  prompt: string;
  alias: string;
  status: string;
  stable: number;
  arms: Arm[];
  steps: Step[];
  step: number;
  share: number;
  step_since: string;
  due_at?: string;
  hold?: string;
  forced?: number;
  reason?: string;
  started_at: string;
  started_by: string;
  ended_at?: string;
  ended_by?: string;
  end_reason?: string;
}

/** A plan as it stands in a form: everything is text until it is sent. */
export interface StepFields {
  weight: string;
  bake: string;
}
export interface GuardFields {
  metric: string;
  direction: 'higher' | 'lower';
  min: string;
  max: string;
  role: 'guardrail' | 'signal';
}

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };
/** "90s", "30m", "1h", "2d" as the command line has it; nothing: until somebody goes on. */
function secondsOf(text: string, field: string) {
  if (!text.trim()) return undefined;
  const match = /^(\d+)\s*([smhd])$/.exec(text.trim());
  if (!match) throw new ApiError(400, 'invalid', `${field}: must be a number with s, m, h or d, such as 30m, or empty`);
  return Number(match[1]) * units[match[2]];
}
/** What is no number goes to the server as it is, which says so. */
const numberOf = (text: string) => (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text));

/** The members of the request that describe the plan. Throws an ApiError that names the field. */
export const planOf = (steps: StepFields[], guards: GuardFields[]) => ({
  steps: steps.map(({ weight, bake }, i) => ({
    weight: numberOf(weight),
    bake_seconds: secondsOf(bake, `steps[${i}].bake_seconds`),
  })),
  guards: guards.map(({ metric, min, max, ...guard }) => ({
    ...guard,
    metric: metric.trim() || undefined,
    min: numberOf(min),
    max: numberOf(max),
  })),
});

/** "steps[1].weight: must be more …": the field, and what is wrong with it. */
export function faultOf(error: ApiError | undefined) {
  const match = error?.code === 'invalid' ? /^([a-z_]+(?:\[\d+\])?(?:\.[a-z_]+)?): (.+)$/s.exec(error.message) : null;
  return match ? { field: match[1], rule: match[2] } : undefined;
}
