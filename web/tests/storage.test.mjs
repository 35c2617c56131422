// Storage with its chart, legal holds on the page of an asset, and retention rules with their plan.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { people, Stage } from './stage.mjs';

const keep = process.env.REGESTA_SCREENSHOTS;
if (keep) mkdirSync(keep, { recursive: true });

let stage;
before(async () => {
  stage = await new Stage().open();
  const authorization = { Authorization: `Basic ${Buffer.from(`anna:${people.anna}`).toString('base64')}` };
  const put = async (bytes) => {
    const answer = await fetch(`${stage.url}/api/v1/blobs`, { method: 'PUT', body: bytes, headers: authorization });
    return (await answer.json()).digest;
  };
  const base = await put(Buffer.alloc(60_000, 'base'));
  for (const [name, team, versions] of [
    ['tokenizer', 'nlp', 3],
    ['encoder', 'vision', 1],
  ]) {
    await stage.call('anna', 'POST', '/api/v1/assets', { kind: 'artifact', name, tags: { team } });
    for (let n = 1; n <= versions; ++n)
      await stage.call('anna', 'POST', `/api/v1/assets/artifact/${name}/versions`, {
        files: [
          { path: 'base.bin', digest: base },
          { path: 'own.bin', digest: await put(Buffer.alloc(10_000 * n, `${name}-${n}`)) },
        ],
      });
  }
});
after(() => stage.close());

async function look(page, name) {
  if (keep) await page.screenshot({ path: join(keep, `${name}.png`), fullPage: true });
  assert.deepEqual(await violations(page), []);
}

test('storage shows what uses it and what deleting would free', async () => {
  const page = await stage.page('otto');
  await page.goto('/settings/storage');
  const row = (name) => page.getByRole('row').filter({ hasText: name });
  // 60 kB are shared by two assets; tokenizer's own files take 10, 20 and 30 kB.
  await row('artifact/tokenizer').getByRole('cell', { name: '90.0 kB', exact: true }).waitFor();
  await row('artifact/tokenizer').getByRole('cell', { name: '60.0 kB', exact: true }).waitFor();
  await row('artifact/encoder').getByRole('cell', { name: '40.0 kB', exact: true }).waitFor();
  await page.getByText('130.0 kB').waitFor();
  await look(page, 'storage');
  await page.getByLabel('Group by').selectOption('team');
  await row('vision').getByRole('cell', { name: '10.0 kB', exact: true }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('an administrator places a hold, and cannot lift it alone', async () => {
  const page = await stage.page('anna');
  await page.goto('/artifacts/tokenizer?version=1');
  await page.getByRole('button', { name: 'Place hold…' }).click();
  await page.getByLabel('Reason, kept in the ledger').fill('case 2026-14');
  await look(page, 'hold-place');
  await page.getByRole('button', { name: 'Place hold' }).click();
  await page.getByText('case 2026-14').waitFor();
  await stage.call('anna', 'DELETE', '/api/v1/assets/artifact/tokenizer/versions/1'); // refused
  const left = await stage.call('anna', 'GET', '/api/v1/assets/artifact/tokenizer/versions');
  assert.equal(left.items.length, 3);
  await look(page, 'hold');
  await page.getByRole('button', { name: 'Lift hold 1' }).click();
  await page.getByLabel('Reason, kept in the ledger').fill('done');
  await page.getByRole('button', { name: 'Lift hold', exact: true }).click();
  await page.getByRole('alert').getByText('ask another administrator').waitFor();
  assert.deepEqual(page.faults, []);
});

test('a plan says what goes and why the rest stays, and is applied exactly', async () => {
  const page = await stage.page('anna');
  await page.goto('/settings/retention');
  await page.getByLabel('Rule', { exact: true }).fill('old-files');
  await page.getByLabel('Names').fill('token*');
  await page.getByLabel('Keep newest').fill('1');
  await page.getByLabel('Delete after').fill('0d');
  await page.getByRole('button', { name: 'Set rule' }).click();
  await page.getByText('Keep the newest 1; delete after 0d since creation').waitFor();
  await page.getByRole('row').filter({ hasText: 'artifact/tokenizer@2' }).waitFor();
  assert.equal(await page.getByRole('row').filter({ hasText: 'artifact/tokenizer@' }).count(), 1);
  await page.getByText('2 versions stay').click();
  await page.getByText('artifact/tokenizer@1: legal hold 1').waitFor();
  await look(page, 'retention');
  await page.getByRole('button', { name: 'Apply plan…' }).click();
  await page.getByRole('button', { name: 'Apply plan' }).click();
  await page.getByText('Done: 1 deleted, 0 archived.').waitFor();
  await page.getByText('Nothing would be archived or deleted.').waitFor();
  const left = await stage.call('anna', 'GET', '/api/v1/assets/artifact/tokenizer/versions');
  assert.deepEqual(
    left.items.map((version) => version.version),
    [3, 1],
  );
  assert.deepEqual(page.faults, []);
});
