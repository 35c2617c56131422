// The auditor's check, step by step: signer, signature, tree, consistency with what this browser saw before, and one
// entry.
import {
  checkSignature,
  equal,
  leafBytes,
  leafHash,
  parseCheckpoint,
  parseReceipt,
  rootFromInclusion,
  Tiles,
  type Checkpoint,
} from './ledger';
import type { Entry } from './types';

export interface Step {
  word: string;
  ok: boolean;
  detail: string;
}
const remembered = 'regesta-checkpoint',
  trusted = 'regesta-ledger-key';
/** Why this browser cannot check anything here; nothing is said about the ledger then. */
export class CannotVerify extends Error {}
/** Browsers offer their cryptography to pages over HTTPS and on this machine only. */
export const canVerify = () => !!globalThis.crypto?.subtle;

async function textOf(path: string) {
  const answer = await fetch(path).catch(() => undefined);
  if (!answer?.ok)
    throw new CannotVerify(
      answer
        ? `The server did not send ${path.includes('receipt') ? 'the receipt' : path.endsWith('key') ? 'its key' : 'the checkpoint'} (status ${answer.status}).`
        : 'The server cannot be reached.',
    );
  return answer.text();
}

async function entryIsThere(entry: Entry, key: string, tiles: Tiles, newest: Checkpoint) {
  const receipt = parseReceipt(await textOf(`/api/v1/ledger/entries/${entry.index}/receipt`));
  const covering = parseCheckpoint(receipt.checkpoint);
  const root = await rootFromInclusion(
    receipt.index,
    covering.size,
    await leafHash(await leafBytes(entry)),
    receipt.proof,
  );
  return (
    receipt.index === entry.index &&
    !!root &&
    equal(root, covering.root) &&
    (await checkSignature(covering, key)) &&
    covering.size <= newest.size &&
    equal(await tiles.root(covering.size), covering.root)
  );
}

/** Tells each step as it is done; true when everything holds. What holds is remembered for the next visit. */
export async function verifyLedger(entry: Entry | undefined, say: (step: Step) => void): Promise<boolean> {
  if (!canVerify()) throw new CannotVerify('Verification needs HTTPS or localhost.');
  let sound = true;
  const tell = (word: string, ok: boolean, detail: string) => {
    sound &&= ok;
    say({ word, ok, detail });
  };
  const key = (await textOf('/ledger/key')).trim();
  const known = localStorage.getItem(trusted);
  tell(
    'Signer',
    !known || known === key,
    !known
      ? `first verification: this browser now remembers the key of ${key.split('+')[0]}`
      : known === key
        ? `the same key as at your first verification (${key.split('+')[0]})`
        : 'the key differs from the one this browser remembers',
  );
  const note = await textOf('/ledger/checkpoint');
  const newest = parseCheckpoint(note);
  tell('Checkpoint', await checkSignature(newest, known ?? key), `${newest.size} entries, signed by ${newest.origin}`);
  const tiles = new Tiles(newest.size);
  tell(
    'Tree',
    equal(await tiles.root(newest.size), newest.root),
    'the root computed in this browser matches the signed root',
  );
  const earlier = localStorage.getItem(remembered);
  if (earlier && known) {
    const old = parseCheckpoint(earlier);
    const same = old.origin === newest.origin && old.size <= newest.size && equal(await tiles.root(old.size), old.root);
    tell('Consistency', same, `entries before ${old.size} are unchanged since your last verification`);
  }
  if (entry)
    tell(
      'Entry',
      await entryIsThere(entry, known ?? key, tiles, newest),
      `entry ${entry.index}, exactly as shown, is included in the signed tree`,
    );
  if (sound) {
    localStorage.setItem(trusted, known ?? key);
    localStorage.setItem(remembered, note);
  }
  return sound;
}
