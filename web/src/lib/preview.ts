// What a stored file shows of itself: its beginning as text or a table, a picture, or the header of a model file. Files
// are not trusted: they are read as data, never as pages.
import type { Rows } from './parquet';

export type Preview =
  | Rows
  | { kind: 'text'; text: string; whole: boolean }
  | { kind: 'picture'; address: string }
  | { kind: 'header'; format: string; facts: [string, string][]; tensors: string[][]; whole: boolean }
  | { kind: 'none'; why: string };

const textBytes = 64 * 1024,
  pictureBytes = 2_000_000,
  headerBytes = 8_000_000,
  rowsShown = 50,
  tensorsShown = 500;
const pictures: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

/** The bytes [from, to) of a file, or fewer where it ends. */
async function piece(address: string, from: number, to: number): Promise<Uint8Array> {
  const answer = await fetch(address, { headers: { Range: `bytes=${from}-${to - 1}` } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** The text, if it is UTF-8 as far as it goes; a character cut at the end is left out. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** Rows of comma- or tab-separated values (RFC 4180), at most `limit`. The last row of a cut text is left out. */
export function rowsOf(text: string, separator: string, limit: number, whole: boolean): string[][] {
  const rows: string[][] = [];
  let row: string[] = [],
    cell = '',
    quoted = false;
  for (let i = 0; i < text.length && rows.length < limit; ++i) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === separator) {
      row.push(cell);
      cell = '';
    } else if (c === '\n') {
      rows.push([...row, cell.replace(/\r$/, '')]);
      row = [];
      cell = '';
    } else cell += c;
  }
  if (whole && rows.length < limit && (row.length || cell)) rows.push([...row, cell]);
  return rows;
}

const numberAt = (bytes: Uint8Array, at: number) =>
  Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true));

/** safetensors: an 8-byte length, then JSON that names each tensor. */
async function safetensors(address: string): Promise<Preview> {
  const length = numberAt(await piece(address, 0, 8), 0);
  if (length > headerBytes) return { kind: 'none', why: 'Its header is too large to preview.' };
  const header = JSON.parse(textOf(await piece(address, 8, 8 + length)) ?? '') as Record<string, any>;
  const tensors = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return {
    kind: 'header',
    format: 'safetensors',
    facts: [
      ['tensors', String(tensors.length)],
      ...Object.entries(header.__metadata__ ?? {}).map(([k, v]) => [k, String(v)] as [string, string]),
    ],
    tensors: tensors.slice(0, tensorsShown).map(([name, it]) => [name, String(it.dtype), (it.shape ?? []).join(' × ')]),
    whole: tensors.length <= tensorsShown,
  };
}

/** GGUF 2 and 3: pairs of key and value, as many as the first bytes hold. */
export function ggufFacts(bytes: Uint8Array): [string, string][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 8;
  const facts: [string, string][] = [];
  const long = () => Number(view.getBigUint64((at += 8) - 8, true));
  const word = () => {
    const length = long();
    if (at + length > bytes.length) throw new RangeError();
    return new TextDecoder().decode(bytes.subarray(at, (at += length)));
  };
  const read = (type: number): string => {
    switch (type) {
      case 0:
        return String(view.getUint8(at++));
      case 1:
        return String(view.getInt8(at++));
      case 2:
        return String(view.getUint16((at += 2) - 2, true));
      case 3:
        return String(view.getInt16((at += 2) - 2, true));
      case 4:
        return String(view.getUint32((at += 4) - 4, true));
      case 5:
        return String(view.getInt32((at += 4) - 4, true));
      case 6:
        return String(view.getFloat32((at += 4) - 4, true));
      case 7:
        return view.getUint8(at++) ? 'true' : 'false';
      case 8:
        return word();
      case 9: {
        const of = view.getUint32((at += 4) - 4, true),
          count = long();
        for (let i = 0; i < count; ++i) read(of);
        return `${count} values`;
      }
      case 10:
        return String(view.getBigUint64((at += 8) - 8, true));
      case 11:
        return String(view.getBigInt64((at += 8) - 8, true));
      case 12:
        return String(view.getFloat64((at += 8) - 8, true));
      default:
        throw new RangeError();
    }
  };
  try {
    facts.push(['tensors', String(long())]);
    for (let left = long(); left > 0; --left) {
      const key = word();
      facts.push([key, read(view.getUint32((at += 4) - 4, true))]);
    }
  } catch (fault) {
    if (!(fault instanceof RangeError)) throw fault; // the rest is beyond what was read
  }
  return facts;
}

async function textual(address: string, path: string, size: number): Promise<Preview> {
  const bytes = await piece(address, 0, Math.min(size, textBytes)),
    whole = size <= textBytes,
    text = textOf(bytes);
  if (text === undefined) {
    if (textOf(bytes.subarray(0, 4)) === 'GGUF')
      return { kind: 'header', format: 'GGUF', facts: ggufFacts(bytes), tensors: [], whole: true };
    return { kind: 'none', why: 'There is no preview for files of this type.' };
  }
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  if (ending === 'csv' || ending === 'tsv') {
    const [head = [], ...rows] = rowsOf(text, ending === 'csv' ? ',' : '\t', rowsShown + 1, whole);
    return { kind: 'table', head, rows, whole: whole && rows.length < rowsShown };
  }
  if (ending === 'json' && whole) {
    try {
      return { kind: 'text', text: JSON.stringify(JSON.parse(text), null, 2), whole };
    } catch {
      // shown as it is
    }
  }
  return { kind: 'text', text, whole };
}

async function picture(address: string, type: string): Promise<Preview> {
  const bytes = await piece(address, 0, pictureBytes);
  const data = await new Promise<string>((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.readAsDataURL(new Blob([bytes as BlobPart], { type }));
  });
  return { kind: 'picture', address: data };
}

/** Reads what it shows and no more. Throws when the server does not answer. */
export async function previewOf(address: string, path: string, size: number): Promise<Preview> {
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  if (size === 0) return { kind: 'none', why: 'The file is empty.' };
  if (ending in pictures)
    return size <= pictureBytes
      ? picture(address, pictures[ending])
      : { kind: 'none', why: 'The picture is too large to preview.' };
  if (ending === 'safetensors' && size >= 8) return safetensors(address);
  if (ending === 'parquet')
    return (await import('./parquet')).parquet((from, to) => piece(address, from, to), size, rowsShown);
  return textual(address, path, size);
}
