// A text that changed, line by line, and what a line is called: "new:1:14" is line 14 of the first text as it would
// become.
export interface Run {
  op: '=' | '+' | '-';
  text: string;
}
export interface Line {
  place: string;
  runs: Run[];
}

/** A line counts in the new text where its end stands there, else in the old one: so no two have the same place. */
export function linesOf(runs: Run[], text: number): Line[] {
  const lines: Line[] = [];
  let before = 1,
    after = 1,
    line: Run[] = [],
    open: Line | undefined; // what the new text's last line has so far
  const end = (stays: boolean) => {
    const ended = { place: stays ? `new:${text}:${after}` : `old:${text}:${before}`, runs: line };
    if (stays) open = undefined;
    else if (line.some(({ op }) => op !== '-')) open = ended;
    lines.push(ended);
    line = [];
  };
  for (const { op, text: words } of runs) {
    for (const [i, piece] of words.split('\n').entries()) {
      if (i > 0) {
        end(op !== '-');
        if (op !== '+') ++before;
        if (op !== '-') ++after;
      }
      if (piece) line.push({ op, text: piece });
    }
  }
  if (!lines.length || line.some(({ op }) => op !== '-')) end(true);
  else if (line.length) end(false);
  if (open) open.place = `new:${text}:${after}`; // all that follows it is gone
  return lines;
}

export function placeWords(place: string) {
  const [side, text, line] = place.split(':');
  return `line ${line}${text === '1' ? '' : ` of text ${text}`}${side === 'old' ? ' as it was' : ''}`;
}
/** Where a comment is kept until it is sent. */
export const draftPlace = (request: number, place = '') => `comment/${request}/${place}`;
export const lineId = (place: string) => `line-${place.replaceAll(':', '-')}`;
/** Leads to a line that is on the page. */
export function lookAt(event: Event, place: string) {
  event.preventDefault();
  const line = document.getElementById(lineId(place));
  line?.scrollIntoView({ block: 'center' });
  line?.focus({ preventScroll: true });
}
