// How times, numbers and actors read. By hand: making one of Intl's formatters keeps a slow machine busy for a tenth of
// a second.
const spans: [string, number][] = [
  ['year', 31557600],
  ['month', 2629800],
  ['week', 604800],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];

export function ago(time: string, now = Date.now()) {
  const seconds = (new Date(time).getTime() - now) / 1000;
  const [unit, length] = spans.find(([, length]) => Math.abs(seconds) >= length) ?? ['', 1];
  if (!unit) return 'just now';
  const count = Math.round(Math.abs(seconds) / length),
    past = seconds < 0;
  if (count === 1 && unit === 'day') return past ? 'yesterday' : 'tomorrow';
  if (count === 1 && length > 86400) return `${past ? 'last' : 'next'} ${unit}`;
  const words = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return past ? `${words} ago` : `in ${words}`;
}
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number) => String(n).padStart(2, '0');
export const clock = (at: Date, seconds = true) =>
  `${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ''}`;
/** In the reader's time zone, which it names. */
export function exact(time: string | number) {
  const at = new Date(time);
  return `${at.getDate()} ${months[at.getMonth()]} ${at.getFullYear()}, ${clock(at)} ${zone(at)}`;
}
export function zone(at: Date) {
  const east = -at.getTimezoneOffset(),
    minutes = Math.abs(east) % 60;
  return east === 0
    ? 'UTC'
    : `UTC${east < 0 ? '−' : '+'}${Math.floor(Math.abs(east) / 60)}${minutes ? `:${two(minutes)}` : ''}`;
}
export const thousands = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
export const number = (value: number) =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
export const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
export const who = (actor: string) => actor.replace(/^(user|local):/, '').replace(/^system:/, 'the ');
/** By code units, for sort(): the first localeCompare() makes a collator, for which a slow machine takes 70 ms. */
export const inOrder = (a: string, b: string) => (a < b ? -1 : Number(a > b));
export const short = (digest: string) => digest.slice(0, 12);
/** A browser by what it calls itself, roughly: a name and a system that its user knows it by. */
export function browserOf(agent: string) {
  const name = [
    ['Edg', 'Edge'],
    ['OPR', 'Opera'],
    ['Firefox', 'Firefox'],
    ['Chrome', 'Chrome'],
    ['Safari', 'Safari'],
  ].find(([mark]) => agent.includes(`${mark}/`))?.[1];
  const system = [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS X', 'macOS'],
    ['CrOS', 'ChromeOS'],
    ['Linux', 'Linux'],
  ].find(([mark]) => agent.includes(mark))?.[1];
  return name ? `${name}${system ? ` on ${system}` : ''}` : agent.slice(0, 60) || 'Unknown browser';
}
export function bytes(size: number) {
  for (const [unit, length] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const)
    if (size >= length) return `${(size / length).toFixed(1)} ${unit}`;
  return `${size} B`;
}
export const upperFirst = (text: string) => text.replace(/^./, (c) => c.toUpperCase());
/** "rolled_back" as a chip shows it. A stale request was overtaken: another move or version came first. */
export const statusWords = (status: string) =>
  status === 'stale' ? 'Superseded' : upperFirst(status.toLowerCase().replaceAll('_', ' '));
