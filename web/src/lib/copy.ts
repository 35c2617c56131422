/**
 * Copies a text. Over plain HTTP browsers have no clipboard for pages; there the older way is tried. False:
 * neither worked.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    /* not there, or not allowed */
  }
  const field = document.createElement('textarea'),
    before = document.activeElement as HTMLElement | null;
  field.value = text;
  field.className = 'visually-hidden';
  document.body.append(field);
  field.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    before?.focus();
  }
}
