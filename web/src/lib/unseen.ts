// Characters that a reader does not see, or takes for others, in text that people approve: invisible ones, those that
// turn the direction of the text, controls, blanks that are no spaces, and look-alikes of Latin letters. Every text of
// a template passes `shown` (vite.config.ts sees to it), and what people sign is drawn by parts/Text.svelte with a
// label for each.

export type Piece = string | { code: string; name: string };

const names: Record<number, string> = {
  0x00: 'null',
  0x08: 'backspace',
  0x0b: 'vertical tab',
  0x0c: 'form feed',
  0x0d: 'carriage return',
  0x1b: 'escape',
  0x7f: 'delete',
  0x85: 'next line',
  0xa0: 'no-break space',
  0xad: 'soft hyphen',
  0x34f: 'grapheme joiner',
  0x61c: 'Arabic letter mark',
  0x115f: 'Hangul filler',
  0x1160: 'Hangul filler',
  0x180e: 'vowel separator',
  0x200b: 'zero-width space',
  0x200c: 'zero-width non-joiner',
  0x200d: 'zero-width joiner',
  0x200e: 'left-to-right mark',
  0x200f: 'right-to-left mark',
  0x2028: 'line separator',
  0x2029: 'paragraph separator',
  0x202a: 'left-to-right embedding',
  0x202b: 'right-to-left embedding',
  0x202c: 'pop directional formatting',
  0x202d: 'left-to-right override',
  0x202e: 'right-to-left override',
  0x202f: 'narrow no-break space',
  0x205f: 'mathematical space',
  0x2060: 'word joiner',
  0x2066: 'left-to-right isolate',
  0x2067: 'right-to-left isolate',
  0x2068: 'first strong isolate',
  0x2069: 'pop directional isolate',
  0x2800: 'Braille blank',
  0x3000: 'ideographic space',
  0x3164: 'Hangul filler',
  0xfeff: 'byte order mark',
  0xffa0: 'Hangul filler',
};
const nameOf = (code: number) =>
  names[code] ??
  (code < 0xa0
    ? 'control'
    : code >= 0xe0000 && code < 0xe0080
      ? 'tag'
      : (code >= 0xfe00 && code < 0xfe10) || (code >= 0xe0100 && code < 0xe01f0)
        ? 'variation selector'
        : code >= 0xd800 && code < 0xe000
          ? 'unpaired surrogate'
          : code >= 0x1680 && code <= 0x200a
            ? 'blank'
            : (code >= 0xe000 && code < 0xf900) || code >= 0xf0000
              ? 'private-use character'
              : 'invisible');
const codeOf = (code: number) => `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;

// \p{Cf}: formats; \p{Cc}: controls, of which a tab and a line's end are seen; \p{Cs}: halves; \p{Co}: private; \p{Zl},
// \p{Zp}, and blanks but the space; then what is ignorable by default and in none of these.
const unseen =
  /(?![\t\n ])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Z}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/u;
/** In an emoji a joiner or a selector is part of what is seen. */
const emoji =
  /\p{Extended_Pictographic}\ufe0f?[\u{1f3fb}-\u{1f3ff}]?(?:\u200d\p{Extended_Pictographic}\ufe0f?[\u{1f3fb}-\u{1f3ff}]?)*|[#*0-9]\ufe0f\u20e3/u;
const token = new RegExp(`(${emoji.source})|(${unseen.source})`, 'gu');

/** The text with the code of each character that is not seen in its place: for attributes, options and titles. */
export function shown(text: any): any {
  if (typeof text !== 'string' || !unseen.test(text)) return text;
  return text.replace(token, (all, kept) => kept ?? `⟨${codeOf(all.codePointAt(0)!)}⟩`);
}

// Letters of other scripts that are drawn as Latin ones, and signs that are drawn as those that names and paths are
// made with.
const likeLatin = new Set(
  'аеорсухіјѕһԁԛԝӏьАВЕКМНОРСТУХІЈЅԌԚԜѴѡοαρυνικΑΒΕΖΗΙΚΜΝΟΡΤΥΧօսոհցքԱՏՍՕᎪᎷᎢᏴᏟᎬᏀᎻᎫᏞᎾᏢᏒᏚᎳᏃⲟⲣⲥıɡɑɩǃ',
);
const likeSigns = new Set('․⁄∕⧸／⟋：ː꞉∶﹕；;‐‑‒−﹣－＿．﹒＠﹫＃＄％＆');
const letters = /[\p{L}\p{M}\p{N}_]+/gu;
const styled = /[\u{1d400}-\u{1d7ff}\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u2460-\u24ff\u{1f130}-\u{1f169}]/u;
const other = /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u,
  latin = /\p{Script=Latin}/u;

/**
 * Places of letters that are not what they seem: of another script in a Latin word, or a whole word of nothing
 * else.
 */
function lookAlikes(text: string, strict: boolean): Set<number> {
  const found = new Set<number>();
  if (!/[^\x00-\x7f]/.test(text)) return found;
  const genuine =
    !(strict && latin.test(text)) && [...text].some((c) => other.test(c) && /\p{L}/u.test(c) && !likeLatin.has(c)); // a text that is written in that script
  for (const { 0: word, index } of text.matchAll(letters)) {
    const mixed = latin.test(word),
      whole = !genuine && [...word].every((c) => likeLatin.has(c) || !/\p{L}/u.test(c));
    let at = index;
    for (const c of word) {
      if (styled.test(c) || (likeLatin.has(c) && (latin.test(c) ? strict : mixed || whole))) found.add(at);
      at += c.length;
    }
  }
  let at = 0;
  if (strict)
    for (const c of text) {
      if (likeSigns.has(c)) found.add(at);
      at += c.length;
    }
  return found;
}

/**
 * The text in pieces: what is seen as it is, and a label for each character that is not. `strict`: a name, in
 * which blanks at the ends and signs count, too.
 */
export function piecesOf(text: string, strict = false): Piece[] {
  if (!/[^\x21-\x7e \t\n]/.test(text) && !(strict && /^\s|\s$|\s\s/.test(text))) return [text];
  const pieces: Piece[] = [];
  let plain = '';
  const end = () => {
    if (plain) pieces.push(plain);
    plain = '';
  };
  const mark = (code: string, name: string) => {
    end();
    pieces.push({ code, name });
  };
  const alike = lookAlikes(text, strict);
  const edges = strict
    ? new Set(
        [...text.matchAll(/^ +| +$|(?<= ) /g)].flatMap(({ 0: run, index }) => Array.from(run, (_, i) => index + i)),
      )
    : new Set<number>();
  const kept = new Map(
    [...text.matchAll(token)].flatMap((match) => (match[1] ? [[match.index, match[1]] as const] : [])),
  );
  for (let at = 0; at < text.length;) {
    const whole = kept.get(at);
    if (whole) {
      plain += whole;
      at += whole.length;
      continue;
    }
    const code = text.codePointAt(at)!,
      c = String.fromCodePoint(code);
    if (unseen.test(c)) mark(codeOf(code), nameOf(code));
    else if (edges.has(at)) mark('U+0020', 'space');
    else {
      plain += c;
      if (alike.has(at)) mark(codeOf(code), `looks like another character (${scriptOf(c)})`);
    }
    at += c.length;
  }
  end();
  return pieces;
}
const scripts: [string, RegExp][] = [
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Coptic', /\p{Script=Coptic}/u],
];
const scriptOf = (c: string) => scripts.find(([, of]) => of.test(c))?.[0] ?? 'typographic variant';

/** How many characters of all texts within a value have to be marked. */
export function countMarked(value: unknown): number {
  if (typeof value === 'string') return piecesOf(value).filter((piece) => typeof piece !== 'string').length;
  return value && typeof value === 'object'
    ? Object.entries(value).reduce((sum, [key, member]) => sum + countMarked(key) + countMarked(member), 0)
    : 0;
}
/** Whether the text holds anything that has to be marked. */
export const hides = (text: string, strict = false) =>
  piecesOf(text, strict).some((piece) => typeof piece !== 'string');
