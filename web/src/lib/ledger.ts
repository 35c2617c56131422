// The auditor's half, in the browser's own code: RFC 6962 hashes, inclusion and consistency (RFC 9162 section 2.1.3-4),
// and the signature of a C2SP checkpoint (signed note, ed25519). A server that lies is caught here.
const encoder = new TextEncoder();
export const equal = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i]);
export const hex = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
export function fromBase64(text: string) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
function join(...parts: Uint8Array[]) {
  const whole = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
async function sha256(bytes: Uint8Array) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
}
export const leafHash = (entry: Uint8Array) => sha256(join(Uint8Array.of(0), entry));
const nodeHash = (left: Uint8Array, right: Uint8Array) => sha256(join(Uint8Array.of(1), left, right));

/** RFC 9162 2.1.3.2. Sizes are below 2^53. */
export async function rootFromInclusion(index: number, size: number, leaf: Uint8Array, proof: Uint8Array[]) {
  let fn = index,
    sn = size - 1,
    root = leaf;
  for (const hash of proof) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      root = await nodeHash(hash, root);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      root = await nodeHash(root, hash);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? root : undefined;
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
  text: string;
  signatures: { name: string; bytes: Uint8Array }[];
}
export function parseCheckpoint(note: string): Checkpoint {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  const [origin, size, root] = text.split('\n');
  const signatures = note
    .slice(split + 2)
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const match = /^— (\S+) (\S+)$/.exec(line);
      if (!match) throw new Error('a signature line of the checkpoint is malformed');
      return { name: match[1], bytes: fromBase64(match[2]) };
    });
  if (split < 0 || !/^\d+$/.test(size)) throw new Error('the checkpoint is malformed');
  return { origin, size: Number(size), root: fromBase64(root), text, signatures };
}

/** vkey: name+hash+base64(type || key), as golang.org/x/mod/sumdb/note writes it. */
export async function checkSignature(checkpoint: Checkpoint, vkey: string) {
  const [name, hash, encoded] = vkey.trim().split(/\+(?=[0-9a-f]{8}\+)|(?<=\+[0-9a-f]{8})\+/);
  const key = fromBase64(encoded);
  if (key[0] !== 1 || key.length !== 33) throw new Error('the verifier key is not an ed25519 key');
  const id = hex((await sha256(join(encoder.encode(`${name}\n`), key))).slice(0, 4));
  if (id !== hash) throw new Error('the hash of the verifier key does not match the key');
  const imported = await crypto.subtle.importKey('raw', key.slice(1), { name: 'Ed25519' }, false, ['verify']);
  for (const { name: signer, bytes } of checkpoint.signatures)
    if (signer === name && hex(bytes.slice(0, 4)) === hash)
      return crypto.subtle.verify({ name: 'Ed25519' }, imported, bytes.slice(4), encoder.encode(checkpoint.text));
  return false;
}

const tilePath = (n: number) => {
  let text = String(n % 1000).padStart(3, '0');
  while (n >= 1000) {
    n = Math.floor(n / 1000);
    text = `x${String(n % 1000).padStart(3, '0')}/${text}`;
  }
  return text;
};

/**
 * The hash tiles of a log of `size` entries, fetched as they are needed: a root costs a handful of tiles, whatever
 * the size.
 */
export class Tiles {
  #known = new Map<string, Promise<Uint8Array[]>>();
  constructor(
    readonly size: number,
    readonly fetcher: (path: string) => Promise<Response> = (path) => fetch(path),
  ) {}

  #tile(level: number, number: number) {
    const width = Math.min(256, Math.floor(this.size / 256 ** level) - number * 256);
    const path = `/ledger/tile/${level}/${tilePath(number)}${width < 256 ? `.p/${width}` : ''}`;
    let tile = this.#known.get(path);
    if (!tile) this.#known.set(path, (tile = this.#read(path, width)));
    return tile;
  }
  async #read(path: string, width: number) {
    const answer = await this.fetcher(path);
    if (!answer.ok) throw new Error(`the server did not send ${path}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length !== width * 32) throw new Error(`${path} has the wrong length`);
    return Array.from({ length: width }, (_, i) => bytes.slice(i * 32, i * 32 + 32));
  }
  /** The complete subtree of 2^height leaves that begins at leaf index * 2^height. */
  async #subtree(index: number, height: number): Promise<Uint8Array> {
    const level = Math.floor(height / 8),
      count = 2 ** (height - level * 8),
      first = index * count;
    let hashes = (await this.#tile(level, Math.floor(first / 256))).slice(first % 256, (first % 256) + count);
    while (hashes.length > 1) {
      const next: Uint8Array[] = [];
      for (let i = 0; i < hashes.length; i += 2) next.push(await nodeHash(hashes[i], hashes[i + 1]));
      hashes = next;
    }
    return hashes[0];
  }
  /** The root of the first `count` leaves. Two roots of one object are of the same log, so a root that equals an older
   *  checkpoint's beside one that equals the newest checkpoint's proves consistency. */
  async root(count: number): Promise<Uint8Array> {
    if (count === 0) return sha256(new Uint8Array());
    const parts: Uint8Array[] = [];
    for (let at = 0; at < count;) {
      let height = 0;
      while (2 ** (height + 1) <= count - at && at % 2 ** (height + 1) === 0) ++height;
      parts.push(await this.#subtree(at / 2 ** height, height));
      at += 2 ** height;
    }
    let root = parts.pop()!;
    while (parts.length > 0) root = await nodeHash(parts.pop()!, root);
    return root;
  }
}

export interface Receipt {
  index: number;
  proof: Uint8Array[];
  checkpoint: string;
}
/** C2SP tlog-proof. */
export function parseReceipt(text: string): Receipt {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith('index '));
  if (!lines[0].startsWith('c2sp.org/tlog-proof@') || at < 0) throw new Error('the receipt is malformed');
  const blank = lines.indexOf('', at);
  return {
    index: Number(lines[at].slice(6)),
    proof: lines.slice(at + 1, blank).map(fromBase64),
    checkpoint: lines.slice(blank + 1).join('\n'),
  };
}

/** Canonical JSON (RFC 8785) for the values that entries hold. */
export function canonical(value: any): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object')
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
      .join(',')}}`;
  return JSON.stringify(value);
}
/**
 * The bytes that the tree hashes: of an entry with a salt a commitment to its body, of an older one the body
 * itself.
 */
export async function leafBytes(entry: { id: number; body: any; salt?: string }) {
  const body = encoder.encode(canonical(entry.body));
  if (!entry.salt) return body;
  const salt = Uint8Array.from(entry.salt.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return encoder.encode(
    canonical({ commitment: hex(await sha256(join(salt, body))), id: entry.id, time: entry.body.time, v: 2 }),
  );
}
