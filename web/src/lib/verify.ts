// The auditor's check, step by step: signer, signature, tree, consistency with what this browser saw before, and one entry.
import { checkSignature, entryBytes, equal, leafHash, parseCheckpoint, parseReceipt, rootFromInclusion, Tiles, type Checkpoint } from './ledger';
import type { Entry } from './types';

export interface Step { word: string; ok: boolean; detail: string }
const remembered = 'regesta-checkpoint', trusted = 'regesta-ledger-key';
const textOf = async (path: string) => (await fetch(path)).text();

async function entryIsThere(entry: Entry, key: string, tiles: Tiles, newest: Checkpoint) {
  const receipt = parseReceipt(await textOf(`/api/v1/ledger/entries/${entry.index}/receipt`));
  const covering = parseCheckpoint(receipt.checkpoint);
  const root = await rootFromInclusion(receipt.index, covering.size, await leafHash(entryBytes(entry.body)), receipt.proof);
  return receipt.index === entry.index && !!root && equal(root, covering.root) && (await checkSignature(covering, key)) &&
    covering.size <= newest.size && equal(await tiles.root(covering.size), covering.root);
}

/** Tells each step as it is done; true when everything holds. What holds is remembered for the next visit. */
export async function verifyLedger(entry: Entry | undefined, say: (step: Step) => void): Promise<boolean> {
  let sound = true;
  const tell = (word: string, ok: boolean, detail: string) => { sound &&= ok; say({ word, ok, detail }); };
  const key = (await textOf('/ledger/key')).trim();
  const known = localStorage.getItem(trusted);
  tell('The signer', !known || known === key, !known ? `first visit: this browser remembers ${key.split('+')[0]} from now on`
    : known === key ? `the same key as at your first visit (${key.split('+')[0]})` : 'the key is NOT the one this browser saw before');
  const note = await textOf('/ledger/checkpoint');
  const newest = parseCheckpoint(note);
  tell('The checkpoint', await checkSignature(newest, known ?? key), `${newest.size} entries, signed by ${newest.origin}`);
  const tiles = new Tiles(newest.size);
  tell('The tree', equal(await tiles.root(newest.size), newest.root), 'the root computed here from the hashes is the signed one');
  const earlier = localStorage.getItem(remembered);
  if (earlier && known) {
    const old = parseCheckpoint(earlier);
    const same = old.origin === newest.origin && old.size <= newest.size && equal(await tiles.root(old.size), old.root);
    tell('Consistency', same, `nothing before entry ${old.size} has changed since this browser looked last`);
  }
  if (entry) tell('The entry', await entryIsThere(entry, known ?? key, tiles, newest), `entry ${entry.index}, exactly as shown, is in the signed tree`);
  if (sound) {
    localStorage.setItem(trusted, known ?? key);
    localStorage.setItem(remembered, note);
  }
  return sound;
}
