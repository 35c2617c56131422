// A layered drawing of a small graph, left to right: a node stands one column behind the last of its origins; within a column
// nodes are sorted by where their neighbours stand, which untangles most crossings.
export interface Graph { root: string; at?: string; nodes: { id: string; label: string; pointers: string[] }[]; edges: { from: string; to: string; relation: string; at?: string }[] }
interface Placed { id: string; label: string; pointers: string[]; x: number; y: number; width: number }
const column = 272, row = 68, width = 224;
export const nodeHeight = 46;

export function layout(graph: Graph) {
  const depth = new Map(graph.nodes.map((n) => [n.id, 0]));
  // Cycles cannot come from the server's rules, but a drawing must end in any case.
  for (let round = 0; round < graph.nodes.length; ++round) {
    let moved = false;
    for (const { from, to } of graph.edges)
      if ((depth.get(to) ?? 0) <= (depth.get(from) ?? 0) && (depth.get(from) ?? 0) + 1 < graph.nodes.length) {
        depth.set(to, (depth.get(from) ?? 0) + 1);
        moved = true;
      }
    if (!moved) break;
  }
  const columns: string[][] = [];
  for (const [id, d] of depth) (columns[d] ??= []).push(id);
  const place = new Map<string, number>();
  for (const ids of columns.filter(Boolean)) ids.forEach((id, i) => place.set(id, i));
  const mean = (id: string, side: 'from' | 'to') => {
    const near = graph.edges.filter((e) => e[side] === id).map((e) => place.get(side === 'to' ? e.from : e.to) ?? 0);
    return near.length ? near.reduce((a, b) => a + b, 0) / near.length : (place.get(id) ?? 0);
  };
  for (const side of ['to', 'from', 'to'] as const)
    for (const ids of columns.filter(Boolean)) {
      ids.sort((a, b) => mean(a, side) - mean(b, side));
      ids.forEach((id, i) => place.set(id, i));
    }
  const known = new Map(graph.nodes.map((n) => [n.id, n]));
  const nodes = new Map<string, Placed>();
  columns.forEach((ids, d) => ids?.forEach((id, i) => nodes.set(id, { id, label: known.get(id)?.label ?? id, pointers: known.get(id)?.pointers ?? [], x: 4 + d * column, y: 4 + i * row, width })));
  const edges = graph.edges.flatMap(({ from, to, relation }) => {
    const a = nodes.get(from), b = nodes.get(to);
    if (!a || !b) return [];
    const x1 = a.x + width, y1 = a.y + nodeHeight / 2, x2 = b.x, y2 = b.y + nodeHeight / 2, middle = (x1 + x2) / 2;
    return [{ path: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, relation }];
  });
  return { nodes: [...nodes.values()], edges, width: columns.length * column, height: Math.max(1, ...columns.filter(Boolean).map((c) => c.length)) * row };
}
