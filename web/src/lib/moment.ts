// Moments in addresses are RFC 3339 in UTC, so that whoever is sent one sees the same; fields show them in local time.
const two = (n: number) => String(n).padStart(2, '0');

/** For <input type="datetime-local" step="1">. */
export function toField(moment: string): string {
  const at = new Date(moment);
  if (!moment || Number.isNaN(at.getTime())) return '';
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
export function fromField(text: string): string {
  const at = new Date(text);
  return !text || Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
