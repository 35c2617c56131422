// What is not seen is marked: in one function, and on every screen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'vite';
import { violations } from './axe.mjs';
import { eventually } from './eventually.mjs';
import { Stage } from './stage.mjs';

let vite, stage;
before(async () => {
  vite = await createServer({
    root: new URL('..', import.meta.url).pathname,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
});
after(async () => {
  await vite.close();
  await stage?.close();
});
const load = () => vite.ssrLoadModule('/src/lib/unseen.ts');

test('characters that are not seen get their code in their place', async () => {
  const { piecesOf, shown } = await load();
  const codes = (text, strict) =>
    piecesOf(text, strict)
      .filter((piece) => typeof piece !== 'string')
      .map(({ code }) => code);
  for (const [text, ...marks] of [
    ['plain text,\n\tas it is'],
    ['naïve Ünicode, 日本語, Привет мир, שלום'],
    ['family 👨‍👩‍👧 and ❤️ and 1️⃣'],
    ['a\u202Eb', 'U+202E'],
    ['pay\u200Bload', 'U+200B'],
    ['\uFEFFx\u00ADy\u2066z\u2069', 'U+FEFF', 'U+00AD', 'U+2066', 'U+2069'],
    ['tab\tbell\u0007 cr\r\n', 'U+0007', 'U+000D'],
    ['a\u00A0b\u3000c\u2028d', 'U+00A0', 'U+3000', 'U+2028'],
    [`tag ${String.fromCodePoint(0xe0041)}`, 'U+E0041'],
    ['a\u{e0100}b\ufe01', 'U+E0100', 'U+FE01'],
    ['©\ufe0f\ufe0f\ufe0f', 'U+FE0F', 'U+FE0F'],
    ['\u3164\u2800\u034f', 'U+3164', 'U+2800', 'U+034F'],
    ['x\ud800y', 'U+D800'],
    ['a\ue000', 'U+E000'],
    ['p\u0430ypal', 'U+0430'],
    ['l\u043ean-risk', 'U+043E'],
    ['\u0441\u043e\u0441\u043e is not coco', 'U+0441', 'U+043E', 'U+0441', 'U+043E'],
    ['\u0430 и \u043e: по-русски'],
    ['ｐrod', 'U+FF50'],
    ['𝐩rod', 'U+1D429'],
  ])
    assert.deepEqual(codes(text), marks, JSON.stringify(text));
  for (const [name, ...marks] of [
    ['loan-risk'],
    ['loan risk'],
    [' loan', 'U+0020'],
    ['loan ', 'U+0020'],
    ['loan  risk', 'U+0020'],
    ['loan\u2010risk', 'U+2010'],
    ['a\u2215b', 'U+2215'],
    ['prod\u0131', 'U+0131'],
  ])
    assert.deepEqual(codes(name, true), marks, JSON.stringify(name));
  assert.equal(shown('a\u202Eb ❤️'), 'a⟨U+202E⟩b ❤️');
  assert.equal(shown(7), 7);
});

const bad = '\u202Edesrever\u202C\u200B';
/** Every text node and read attribute of the page in which such a character stands. */
const found = (page) =>
  page.evaluate(() => {
    const unseen = /[\u200b\u202a-\u202e\u2066-\u2069]/,
      hits = [];
    const walk = document.createTreeWalker(document, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    while (walk.nextNode()) {
      const node = walk.currentNode;
      if (
        node.nodeType === Node.TEXT_NODE
          ? unseen.test(node.data)
          : ['title', 'aria-label', 'placeholder', 'alt'].some((name) => unseen.test(node.getAttribute(name) ?? ''))
      )
        hits.push(
          node.nodeType === Node.TEXT_NODE
            ? `${node.parentElement?.tagName}: ${node.data.slice(0, 60)}`
            : node.outerHTML.slice(0, 120),
        );
    }
    return hits;
  });

test('no screen shows a character that is not seen without its label', async () => {
  stage = await new Stage().open();
  await stage.fill();
  const call = (...words) => stage.call('anna', ...words);
  await call('POST', '/api/v1/prompts/loan-letter/versions', {
    template: `Dear {{name}}, ${bad}`,
    description: bad,
    tags: { team: bad },
  });
  await call('POST', '/api/v1/prompts/loan-letter/versions', {
    template: `Dear {{name}}, good\u202E${bad} day`,
    description: `second ${bad}`,
    model_config: { model: `gpt${bad}` },
  });
  await call('PUT', '/api/v1/assets/prompt/loan-letter/tags/note', { value: bad }).catch(() => {});
  const { change_request } = await call('PUT', '/api/v1/assets/prompt/loan-letter/aliases/production', {
    version: 2,
    reason: `because ${bad}`,
  });
  await call('POST', `/api/v1/change-requests/${change_request.id}/comments`, {
    body: `looks *good* ${bad} [a](/x "${bad}")`,
  });
  await call('POST', '/api/v1/assets', { kind: 'model', name: 'loan-model', description: bad, tags: { team: bad } });
  await call('POST', '/api/v1/assets/model/loan-model/versions', {
    source: 's3://b/m',
    description: bad,
    tags: { note: bad },
  });
  await call('POST', '/api/v1/evidence', {
    asset: { kind: 'model', name: 'loan-model', version: 1 },
    type: 'card',
    body: `---\nlicense: ${bad}\n---\n# Card ${bad}\n\n${bad}`,
  });
  await call('POST', '/api/2.0/mlflow/runs/create', {
    experiment_id: '1',
    run_name: 'run',
    start_time: Date.now(),
    tags: [{ key: 'note', value: bad }],
  });
  const page = await stage.page('rita');
  for (const address of [
    '/',
    '/prompts',
    '/prompts/loan-letter',
    '/prompts/loan-letter?version=1',
    '/prompts/loan-letter/diff?from=1&to=2',
    '/models',
    '/models/loan-model',
    `/changes/${change_request.id}`,
    '/changes',
    '/ledger',
    '/ledger?entry=12',
    '/runs',
    '/search?q=loan',
    '/policies/two-eyes',
    '/settings',
  ]) {
    await page.goto(address);
    await page.locator('main[aria-busy="false"]').waitFor();
    await page.waitForTimeout(200);
    assert.deepEqual(await found(page), [], address);
  }
  // Where people sign, each is a label with its name.
  await page.goto(`/changes/${change_request.id}`);
  for (const place of ['ol li .line .unseen', 'ol[aria-label="Comments"] .unseen', '.soft .unseen'])
    await page.locator(place).first().waitFor();
  await page.getByText(/^\d+ characters are invisible or look like another/).waitFor();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    assert.deepEqual(await violations(page), []);
  }
  await eventually(async () =>
    assert.match(
      await page.locator('ol li .line .unseen').first().getAttribute('title'),
      /right-to-left override|zero-width/,
    ),
  );
  assert.deepEqual(page.faults, []);
});
