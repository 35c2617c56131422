// Runs in addresses: of screens, and of the questions that they ask.
import { query } from './address';

export const kinds = ['metrics', 'params', 'tags'] as const;
export interface Column {
  id: string;
  kind: (typeof kinds)[number];
  key: string;
}

export function columnOf(id: string): Column | undefined {
  const dot = id.indexOf('.'),
    kind = kinds.find((k) => k === id.slice(0, dot));
  return kind && dot + 1 < id.length ? { id, kind, key: id.slice(dot + 1) } : undefined;
}
/** Columns and keys travel in addresses as a list with commas; a comma of their own is encoded again. */
export const readList = (text: string | null) =>
  (text ?? '')
    .split(',')
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
export const writeList = (items: readonly string[]) =>
  items.map((item) => item.replace(/[%,]/g, encodeURIComponent)).join(',');
export const readColumns = (text: string | null) => readList(text).flatMap((id) => columnOf(id) ?? []);

/** The column as the search language writes it; odd keys stand in quotes. */
export function written(id: string) {
  const column = columnOf(id);
  if (!column || /^\w+$/.test(column.key)) return id;
  return column.key.includes('`') ? `${column.kind}."${column.key}"` : `${column.kind}.\`${column.key}\``;
}
const oneOf = (ids: readonly string[]) => `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(', ')})`;

export const mostCompared = 24;
export const readRuns = (text: string | null) =>
  [...new Set(readList(text).filter((id) => /^[0-9a-f]{32}$/.test(id)))].slice(0, mostCompared);
export const compareAddress = (ids: readonly string[]) => `/runs/compare?runs=${ids.join(',')}`;

/** The columns that somebody chose for an experiment's runs; a browser may forbid to keep them. */
const memory = (experiment: string) => `runs.columns.${experiment}`;
function remembered(experiment: string) {
  try {
    return localStorage.getItem(memory(experiment));
  } catch {
    return null;
  }
}
export function remember(experiment: string, columns: readonly string[]) {
  try {
    localStorage.setItem(memory(experiment), writeList(columns));
  } catch {
    /* they stand in the address */
  }
}
/**
 * The columns of the address, else as they were last time, else what most runs have logged: the server says which
 * those are.
 */
export function columnsOf(words: URLSearchParams): string[] {
  const named = words.get('columns') ?? remembered(words.get('experiment') ?? '');
  return named === null ? ['usual'] : readList(named).filter((id) => columnOf(id));
}
export interface RunSearch {
  experiment: string;
  filter: string;
  order: string;
  column: readonly string[];
}
export const pageRows = 100;
export const runPage = ({ column, ...search }: RunSearch, page = 0) =>
  query('/api/v1/runs', {
    ...search,
    column: column.length ? column : ['metrics'] /* none would mean everything */,
    offset: page * pageRows || undefined,
    page_size: pageRows,
    total: 'true',
  });

export const compared = (ids: readonly string[]) => query('/api/v1/runs', { filter: oneOf(ids), page_size: 100 });
export const drawnFirst = { one: 8, several: 4 }; // metrics, unless others are asked for
export const mostCurves = 8;
/** Without `metrics`: of those that most of the runs have, by name. */
export const curvesOfOne = (run: string, metrics?: readonly string[]) =>
  query('/api/v1/runs/curves', { run, metric: metrics, top: metrics ? undefined : drawnFirst.one, points: 800 });
export const curvesOf = (runs: readonly string[], metrics?: readonly string[]) =>
  query('/api/v1/runs/curves', {
    run: runs,
    metric: metrics?.slice(0, mostCurves),
    top: metrics ? undefined : drawnFirst.several,
    points: 500,
  });
