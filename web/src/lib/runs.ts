// Runs as tables and pictures show them: their columns, cells and addresses.
import type { Run } from './types';
import { number } from './words';

export const kinds = ['metrics', 'params', 'tags'] as const;
export interface Column { id: string; kind: (typeof kinds)[number]; key: string }

export function columnOf(id: string): Column | undefined {
  const dot = id.indexOf('.'), kind = kinds.find((k) => k === id.slice(0, dot));
  return kind && dot + 1 < id.length ? { id, kind, key: id.slice(dot + 1) } : undefined;
}
/** Columns and keys travel in addresses as a list with commas; a comma of their own is encoded once more. */
export const readList = (text: string | null) => (text ?? '').split(',').filter(Boolean).map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
export const writeList = (items: readonly string[]) => items.map((item) => item.replace(/[%,]/g, encodeURIComponent)).join(',');
export const readColumns = (text: string | null) => readList(text).flatMap((id) => columnOf(id) ?? []);

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

/** The column as the search language writes it; odd keys stand in quotes. */
export function written(id: string) {
  const column = columnOf(id);
  if (!column || /^\w+$/.test(column.key)) return id;
  return column.key.includes('`') ? `${column.kind}."${column.key}"` : `${column.kind}.\`${column.key}\``;
}
export const oneOf = (ids: readonly string[]) => `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(', ')})`;

export const name = (run: Run) => run.name || run.id.slice(0, 12);
export const mostCompared = 24;
export const readRuns = (text: string | null) => [...new Set(readList(text).filter((id) => /^[0-9a-f]{32}$/.test(id)))].slice(0, mostCompared);
export const compareAddress = (ids: readonly string[]) => `/runs/compare?runs=${ids.join(',')}`;

export function duration(run: Run, now = Date.now()) {
  if (!run.started_at) return '';
  const seconds = Math.max(0, ((run.ended_at ? new Date(run.ended_at).getTime() : now) - new Date(run.started_at).getTime()) / 1000);
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
/** Eight colours and three kinds of line tell 24 runs apart. */
export const look = (place: number) => `line-${place % 8} dash-${Math.floor(place / 8) % 3}`;
