// A text that changed, line by line, and what a line is called: "new:1:14" is line 14 of the first text as it would become.
export interface Run { op: '=' | '+' | '-'; text: string }
export interface Line { place: string; runs: Run[] }

/** What stands in the new text is counted there; what is gone, in the old one. No two lines have the same place. */
export function linesOf(runs: Run[], text: number): Line[] {
  const lines: Line[] = [], taken = new Set<string>();
  let before = 1, after = 1, line: Run[] = [];
  const end = (last: Run['op']) => {
    const stays = last !== '-' || line.some(({ op }) => op !== '-');
    const place = stays && !taken.has(`new:${text}:${after}`) ? `new:${text}:${after}` : `old:${text}:${before}`;
    taken.add(place);
    lines.push({ place, runs: line });
    line = [];
  };
  for (const { op, text: words } of runs) {
    for (const [i, piece] of words.split('\n').entries()) {
      if (i > 0) {
        end(op);
        if (op !== '+') ++before;
        if (op !== '-') ++after;
      }
      if (piece) line.push({ op, text: piece });
    }
  }
  if (line.length || !lines.length) end(line.at(-1)?.op ?? '=');
  return lines;
}

export function placeWords(place: string) {
  const [side, text, line] = place.split(':');
  return `line ${line}${text === '1' ? '' : ` of text ${text}`}${side === 'old' ? ' as it was' : ''}`;
}
export const lineId = (place: string) => `line-${place.replaceAll(':', '-')}`;
/** Leads to a line that is on the page. */
export function lookAt(event: Event, place: string) {
  event.preventDefault();
  const line = document.getElementById(lineId(place));
  line?.scrollIntoView({ block: 'center' });
  line?.focus({ preventScroll: true });
}
