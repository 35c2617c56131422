// A layered drawing of a small graph, left to right: a node stands one column after the last of its origins; within a
// column nodes are sorted by where their neighbours stand, which untangles most crossings. An edge over several columns
// has a place of its own in each of them, so that it runs between the boxes and never behind one.
export interface Graph {
  root: string;
  at?: string;
  nodes: { id: string; label: string; pointers: string[] }[];
  edges: { from: string; to: string; relation: string; at?: string }[];
}
interface Placed {
  id: string;
  label: string;
  pointers: string[];
  x: number;
  y: number;
  width: number;
}
const column = 272,
  row = 68,
  lane = 16,
  width = 224;
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
  // The way of each edge: its ends, and a lane in each column between them.
  const ways = graph.edges
    .filter(({ from, to }) => depth.has(from) && depth.has(to))
    .map((edge, i) => {
      const first = depth.get(edge.from)!,
        last = depth.get(edge.to)!,
        way = [edge.from];
      for (let d = first + 1; d < last; ++d) {
        const id = `\0${i} ${d}`;
        (columns[d] ??= []).push(id);
        way.push(id);
      }
      return { edge, way: [...way, edge.to], back: last <= first };
    });
  const steps = ways
    .filter(({ back }) => !back)
    .flatMap(({ way }) => way.slice(1).map((to, i) => ({ from: way[i], to })));
  const place = new Map<string, number>();
  const number = (ids: string[]) => ids.forEach((id, i) => place.set(id, i));
  columns.forEach(number);
  const mean = (id: string, side: 'from' | 'to') => {
    const near = steps.filter((e) => e[side] === id).map((e) => place.get(side === 'to' ? e.from : e.to) ?? 0);
    return near.length ? near.reduce((a, b) => a + b, 0) / near.length : (place.get(id) ?? 0);
  };
  for (const side of ['to', 'from', 'to'] as const)
    for (const ids of columns.filter(Boolean)) {
      ids.sort((a, b) => mean(a, side) - mean(b, side));
      number(ids);
    }
  const known = new Map(graph.nodes.map((n) => [n.id, n]));
  const nodes = new Map<string, Placed>(),
    lanes = new Map<string, number>();
  let height = row;
  columns.forEach((ids, d) => {
    let y = 4;
    for (const id of ids ?? []) {
      const node = known.get(id);
      if (node) nodes.set(id, { id, label: node.label, pointers: node.pointers, x: 4 + d * column, y, width });
      else lanes.set(id, y + lane / 2 - (row - nodeHeight) / 2);
      y += node ? row : lane;
    }
    height = Math.max(height, y);
  });
  let below = height; // an edge that leads back goes around all of it
  const edges = ways.map(({ edge: { from, to, relation }, way, back }) => {
    const a = nodes.get(from)!,
      b = nodes.get(to)!,
      y1 = a.y + nodeHeight / 2,
      y2 = b.y + nodeHeight / 2;
    if (back) {
      below += lane;
      const right = a.x + width,
        y = below - lane / 2;
      return {
        path: `M${right} ${y1}C${right + 40} ${y1} ${right + 40} ${y} ${right} ${y}H${b.x}C${b.x - 40} ${y} ${b.x - 40} ${y2} ${b.x} ${y2}`,
        relation,
      };
    }
    let path = `M${a.x + width} ${y1}`,
      x = a.x + width,
      y = y1;
    way.slice(1).forEach((id, i) => {
      const next = a.x + (i + 1) * column,
        at = lanes.get(id) ?? y2,
        middle = (x + next) / 2;
      path += `C${middle} ${y} ${middle} ${at} ${next} ${at}`;
      if (lanes.has(id)) path += `H${next + width}`;
      [x, y] = [next + width, at];
    });
    return { path, relation };
  });
  return { nodes: [...nodes.values()], edges, width: columns.length * column, height: below };
}
