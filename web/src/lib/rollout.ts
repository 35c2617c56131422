// What the rollout API answers, as far as screens use it.
export interface Step { weight: number; bake_seconds?: number }
export interface Arm { name: string; version: number; weight: number }
export interface Rollout {
  id: number; prompt: string; alias: string; status: string; stable: number; arms: Arm[]; steps: Step[]; step: number; share: number; step_since: string;
  due_at?: string; hold?: string; forced?: number; reason?: string; started_at: string; started_by: string; ended_at?: string; ended_by?: string; end_reason?: string;
}
