// A card as Hugging Face writes it: YAML between two lines of "---", then Markdown.
export interface CardParts {
  meta: [string, string][];
  text: string;
  rest: string;
}

/**
 * Members of the front matter that are one line, or a list of lines; what is more than that is `rest`, as it was
 * written.
 */
export function cardParts(card: string): CardParts {
  const match = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/.exec(card);
  if (!match) return { meta: [], text: card, rest: '' };
  const meta: [string, string][] = [],
    rest: string[] = [];
  let open: [string, string] | undefined; // a member whose list follows
  for (const line of match[1].split(/\r?\n/)) {
    const member = /^([\w .-]+):(?:[ \t]+(.*))?$/.exec(line),
      item = /^\s*- (?!.*: )(.+)$/.exec(line);
    if (member) {
      open = [member[1], plain(member[2] ?? '')];
      meta.push(open);
    } else if (item && open && !rest.length) open[1] += `${open[1] ? ', ' : ''}${plain(item[1])}`;
    else if (line.trim() && !/^\s*#/.test(line)) rest.push(line);
  }
  if (rest.length) return { meta: [], text: card.slice(match[0].length), rest: match[1] };
  return { meta: meta.filter(([, value]) => value), text: card.slice(match[0].length), rest: '' };
}
const plain = (value: string) =>
  value
    .trim()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^(["'])(.*)\1$/, '$2');
