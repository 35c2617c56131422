// Runs as tables and pictures show them.
import type { Column } from './runaddress';
import type { Run } from './types';
import { number } from './words';

/** A metric's number ("NaN" travels as text), a param's or tag's words, or nothing. */
export function valueOf(run: Run, { kind, key }: Column): number | string | undefined {
  if (kind !== 'metrics') return run[kind][key];
  const metric = run.metrics.find((m) => m.key === key);
  return metric && Number(metric.value);
}
export function cellOf(run: Run, column: Column) {
  const value = valueOf(run, column);
  return value === undefined ? '' : typeof value === 'number' ? number(value) : value;
}
/** A param that reads as a number is one, so that it can be drawn on a scale. */
export function numeric(value: number | string | undefined) {
  if (value === undefined || value === '') return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

export const name = (run: Run) => run.name || run.id.slice(0, 12);
export function duration(run: Run, now = Date.now()) {
  if (!run.started_at) return '';
  const seconds = Math.max(
    0,
    ((run.ended_at ? new Date(run.ended_at).getTime() : now) - new Date(run.started_at).getTime()) / 1000,
  );
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
/** Eight colours and three kinds of line tell 24 runs apart. */
export const look = (place: number) => `line-${place % 8} dash-${Math.floor(place / 8) % 3}`;
