// Faults that people have run into, each as they did.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { targetSize, violations } from './axe.mjs';
import { eventually } from './eventually.mjs';
import { people, Stage } from './stage.mjs';

/** Dialogs and menus of a screen are as accessible as the screen, in both themes. */
async function accessible(page) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const found = await violations(page, targetSize);
    assert.deepEqual(
      found.map((each) => `${colorScheme}: ${each}`),
      [],
    );
  }
}

let stage;
before(async () => {
  stage = await new Stage().open();
  await stage.fill();
});
after(() => stage.close());

test('the version that is asked for is shown, however many there are, or its absence', async () => {
  const many = 230,
    one = (i) =>
      stage.call('anna', 'POST', '/api/v1/prompts/long-story/versions', { template: `Chapter ${i} of {{name}}` });
  for (let i = 1; i <= many; ++i) await one(i);
  await stage.call('anna', 'PUT', '/api/v1/assets/prompt/long-story/aliases/production', { version: 3 });
  const page = await stage.page('anna');
  const says = async (address, text) => {
    await page.goto(address);
    await page.locator('.block').getByText(text).first().waitFor();
  };
  await says('/prompts/long-story?version=5', 'Chapter 5 of');
  await says('/prompts/long-story?version=production', 'Chapter 3 of');
  await says('/prompts/long-story', 'Chapter 3 of');
  await says(`/prompts/long-story?version=${many}`, `Chapter ${many} of`);
  await says('/prompts/long-story/diff?from=2&to=5', 'Chapter');
  await eventually(async () => assert.equal(await page.getByLabel('From').inputValue(), '2'));
  for (const absent of ['999', 'canary', '7.7.7']) {
    await page.goto(`/prompts/long-story?version=${absent}`);
    await page.getByRole('heading', { name: `prompt long-story has no version “${absent}”` }).waitFor();
    assert.equal(await page.locator('.block').count(), 0, 'another version is shown in its place');
  }
  await page.getByRole('link', { name: 'View the current version' }).click();
  await page.locator('.block').getByText('Chapter 3 of').first().waitFor();
  const items = page.locator('ol.list > li').filter({ has: page.locator('a[href*="version="]') });
  await eventually(async () => assert.equal(await items.count(), 201)); // a page, and the one that is shown
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.waitForFunction((all) => document.querySelectorAll('ol.list a[href*="version="]').length === all, many);
  for (const [address, text] of [
    ['/models/nothing', 'There is no model named'],
    ['/prompts/nothing?version=2', 'There is no prompt named'],
  ]) {
    await page.goto(address);
    await page.getByText(text).first().waitFor();
  }
  assert.deepEqual(page.faults, []);
});

test('lists, search and ⌘K reach what lies behind the first thousand', async () => {
  const make = (i) =>
    stage.call('anna', 'POST', '/api/v1/assets', {
      kind: 'model',
      name: `model-${String(i).padStart(4, '0')}`,
      description: i === 1040 ? 'the zebra classifier' : '',
      tags: i === 1041 ? { owner: 'giraffe' } : {},
    });
  for (let i = 0; i < 1050; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => make(i + j)));
  await stage.call('anna', 'POST', '/api/v1/assets/model/model-1045/versions', { source: 's3://b/1' });
  await stage.call('anna', 'PUT', '/api/v1/assets/model/model-1045/aliases/production', { version: 1 });
  const page = await stage.page('anna');
  await page.getByRole('row', { name: /model-1045/ }).waitFor(); // in production, on Home
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('model-1049');
  await page.getByRole('option', { name: /^model-1049/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'model-1049' }).waitFor();
  await page.goto('/models');
  await page.getByText('100 shown').waitFor();
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByText('200 shown').waitFor();
  await page.getByRole('searchbox').fill('Zebra');
  await page.getByRole('row', { name: /model-1040/ }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  await page.getByRole('searchbox').fill('owner=giraffe');
  await page.getByRole('row', { name: /model-1041/ }).waitFor();
  // A list that a screen filters itself is whole: a binding after the first hundred is one.
  const policy = (name) =>
    stage.call('anna', 'POST', `/api/v1/policies/${name}`, {
      modules: [
        {
          name: 'gate.rego',
          text: 'package regesta.gate\n\nwarn contains {"code": "old", "msg": "old"} if not input.candidate\n',
        },
      ],
    });
  await Promise.all(['many', 'last'].map(policy));
  for (let i = 0; i < 101; ++i)
    await stage.call('anna', 'POST', '/api/v1/policies/bindings', {
      kind: 'artifact',
      name_pattern: `report-${i}`,
      pointer: 'production',
      policy: 'many',
    });
  await stage.call('anna', 'POST', '/api/v1/policies/bindings', {
    kind: 'artifact',
    name_pattern: 'final-*',
    pointer: 'production',
    policy: 'last',
  });
  await page.goto('/policies/last');
  await page.getByText('final-*', { exact: true }).waitFor();
  await page.goto('/search?q=1048');
  await page.getByRole('link', { name: 'model-1048' }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('an alias is created on purpose, and removed again', async () => {
  const page = await stage.page('anna');
  await page.goto('/prompts/long-story?version=7');
  await page.getByRole('button', { name: 'Promote or tag this version…' }).click();
  await eventually(async () =>
    assert.deepEqual(
      await page.getByRole('combobox', { name: 'Alias', exact: true }).locator('option').allTextContents(),
      ['production (version 3)', 'New alias…'],
    ),
  );
  await page.getByRole('combobox', { name: 'Alias', exact: true }).selectOption('New alias…');
  await page.getByLabel('Name of the new alias').fill('prodution');
  await page.getByText('production already exists. Creating prodution does not move production.').waitFor();
  await accessible(page);
  await page.getByRole('button', { name: 'Create alias prodution' }).click();
  await page.getByRole('button', { name: 'Remove alias prodution' }).click();
  await page.getByRole('group', { name: 'Remove alias prodution' }).getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Remove alias prodution' }).click();
  await page.getByRole('button', { name: 'Remove prodution' }).click();
  await page.getByRole('button', { name: 'Remove alias prodution' }).waitFor({ state: 'detached' });
  assert.deepEqual(
    (await stage.call('anna', 'GET', '/api/v1/assets/prompt/long-story/aliases')).items.map(({ name }) => name),
    ['production'],
  );
  // A protected one passes its gate.
  await page.goto('/prompts/loan-summary');
  await page.getByRole('button', { name: 'Remove alias production' }).click();
  await page.getByText('The alias is protected, so policies are checked first.').waitFor();
  await accessible(page);
  assert.deepEqual(page.faults, []);
});

test('a draft outlives leaving the page and a session that ends, and not signing out', async () => {
  const { change_request } = await stage.call('anna', 'PUT', '/api/v1/assets/prompt/loan-summary/aliases/production', {
    version: 2,
  });
  const page = await stage.page('rita');
  await page.goto(`/changes/${change_request.id}`);
  await page.getByLabel('Comment', { exact: true }).fill('is age really left out?');
  await page.getByLabel('Reason').fill('read both');
  await page.getByRole('button', { name: 'Comment on line 1', exact: true }).first().click();
  await page.getByRole('textbox', { name: 'Comment on line 1', exact: true }).fill('too short?');
  const kept = async () => {
    await page.getByRole('textbox', { name: 'Comment on line 1', exact: true }).waitFor();
    await eventually(async () =>
      assert.deepEqual(
        [
          await page.getByLabel('Comment', { exact: true }).inputValue(),
          await page.getByLabel('Reason').inputValue(),
          await page.getByRole('textbox', { name: 'Comment on line 1', exact: true }).inputValue(),
        ],
        ['is age really left out?', 'read both', 'too short?'],
      ),
    );
  };
  await page.getByRole('link', { name: 'Home' }).click();
  await page.goBack();
  await kept();
  const [session] = (await stage.call('rita', 'GET', '/api/v1/sessions')).items;
  await stage.call('rita', 'DELETE', `/api/v1/sessions/${session.id}`);
  await page.getByLabel('Reason').fill('read both');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByLabel('Password').fill(people.rita);
  await page.getByLabel('Name').fill('rita');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await kept();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByLabel('Name').fill('anna');
  await page.getByLabel('Password').fill(people.anna);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await page.goto(`/changes/${change_request.id}`);
  await page.getByLabel('Comment', { exact: true }).waitFor();
  await eventually(async () => assert.equal(await page.getByLabel('Comment', { exact: true }).inputValue(), ''));
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test('signing out everywhere is asked about first', async () => {
  const page = await stage.page('otto');
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByText('Every browser you are signed in with has to sign in again, this one included.').waitFor();
  await accessible(page);
  await page.keyboard.press('Tab');
  await page.getByRole('group', { name: 'Sign out everywhere' }).getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await stage.call('otto', 'GET', '/api/v1/sessions')).items.length, 1);
});

test('an approval that does not count does not look like one that does', async () => {
  await stage.call('anna', 'POST', '/api/v1/users', {
    name: 'lena',
    password: (people.lena = 'a fourth password'),
    grants: [{ role: 'legal', workspace: '*', name_pattern: '*' }],
  });
  const {
    items: [request],
  } = await stage.call('anna', 'GET', '/api/v1/change-requests?status=open');
  const lena = await stage.page('lena'),
    rita = await stage.page('rita');
  await Promise.all([lena, rita].map((page) => page.goto(`/changes/${request.id}`)));
  await lena.getByText('would be recorded but would not satisfy this requirement').waitFor();
  assert.equal(
    await lena.getByRole('button', { name: 'Approve' }).evaluate((button) => button.classList.contains('primary')),
    false,
  );
  await rita.locator('button.primary', { hasText: 'Approve' }).waitFor();
});

test('a closed request says what was, and no text has a placeholder to fill in', async () => {
  await stage.call('anna', 'POST', '/api/v1/policies/never', {
    modules: [
      {
        name: 'gate.rego',
        text: 'package regesta.gate\n\ndeny contains {"code": "no", "msg": "not yet", "remediation": "regesta approve <id>"} if input.candidate\n',
      },
    ],
  });
  await stage.call('anna', 'POST', '/api/v1/policies/bindings', {
    kind: 'model',
    name_pattern: '*',
    pointer: 'guarded',
    policy: 'never',
  });
  const page = await stage.page('anna');
  await page.goto('/models/model-1045');
  await page.getByRole('button', { name: 'Promote or tag this version…' }).click();
  await page.getByRole('combobox', { name: 'Alias', exact: true }).selectOption('New alias…');
  await page.getByLabel('Name of the new alias').fill('guarded');
  await page.getByRole('button', { name: 'Create alias guarded' }).click();
  await page.getByText('Blocked by policy.').waitFor();
  assert.doesNotMatch(await page.locator('main').textContent(), /<id>/);
  await page.getByText(/How to fix: no change request is open/).waitFor();
});

test('a fault in a form names the field by its label, not by its place in the request', async () => {
  const page = await stage.page('anna');
  await page.goto('/settings/tokens');
  await page.getByLabel('Name', { exact: true }).fill('pipeline');
  await page.getByRole('group', { name: 'Roles' }).getByLabel('Role', { exact: true }).fill('not a role!');
  await page.getByRole('button', { name: 'Create token' }).click();
  const said = await page.getByRole('alert').textContent();
  assert.doesNotMatch(said, /grants\[|\/api\//);
  assert.match(said, /Role 1/);
});

test('tags and a card’s front matter are read, not their syntax', async () => {
  await stage.call('anna', 'POST', '/api/v1/assets/prompt/long-story/versions/230/tags', {}).catch(() => {});
  await stage.call('anna', 'POST', '/api/v1/prompts/tagged/versions', { template: 'Hi', tags: { team: 'credit' } });
  await stage.call('anna', 'POST', '/api/v1/evidence', {
    asset: { kind: 'model', name: 'model-1045', version: 1 },
    type: 'card',
    body: '---\nlicense: apache-2.0\ntags:\n- credit\n- risk\n---\n# Loans\n\nText.',
  });
  const page = await stage.page('anna');
  await page.goto('/prompts/tagged');
  await page.getByRole('list', { name: 'Tags' }).getByText('team: credit').waitFor();
  await page.goto('/models/model-1045');
  await page.getByRole('heading', { name: 'Loans' }).waitFor();
  await page.locator('dl.meta').getByText('apache-2.0').waitFor();
  await page.locator('dl.meta').getByText('credit, risk').waitFor();
  await accessible(page);
  assert.equal(await page.getByText('license: apache-2.0').count(), 0);
});

test('exact times by one switch, and always in the ledger', async () => {
  const page = await stage.page('anna');
  await page.goto('/prompts');
  await page.locator('tbody time').first().waitFor();
  await eventually(async () => assert.match(await page.locator('tbody time').first().textContent(), /now|ago/));
  await page.getByRole('button', { name: 'Exact times' }).click();
  await eventually(async () =>
    assert.match(await page.locator('tbody time').first().textContent(), /20\d\d, \d\d:\d\d:\d\d UTC/),
  );
  await page.reload();
  await eventually(async () => assert.match(await page.locator('tbody time').first().textContent(), /20\d\d/));
  await page.getByRole('button', { name: 'Exact times' }).click();
  await page.goto('/ledger');
  await eventually(async () => assert.match(await page.locator('tbody time').first().textContent(), /20\d\d/));
});

test('no edge of a lineage runs behind a box', async () => {
  const { createServer } = await import('vite');
  const vite = await createServer({
    root: new URL('..', import.meta.url).pathname,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { layout, nodeHeight } = await vite.ssrLoadModule('/src/lib/graph.ts');
    const node = (id) => ({ id, label: id, pointers: [] }),
      edge = (from, to) => ({ from, to, relation: 'r' });
    for (const [nodes, edges] of [
      [
        ['data', 'holdout', 'run', 'logged', 'model', 'eval'],
        [
          ['data', 'run'],
          ['run', 'logged'],
          ['logged', 'model'],
          ['holdout', 'eval'],
          ['model', 'eval'],
          ['data', 'eval'],
          ['holdout', 'model'],
        ],
      ],
      [
        ['a', 'b', 'c'],
        [
          ['a', 'b'],
          ['b', 'c'],
          ['c', 'a'],
        ],
      ],
      [
        [...'abcdefghij'],
        [...'bcdefghij'].flatMap((id, i) => [
          ['a', id],
          ['abcdefghij'[i], id],
        ]),
      ],
    ]) {
      const drawn = layout({
        root: nodes[0],
        nodes: nodes.map(node),
        edges: edges.map(([from, to]) => edge(from, to)),
      });
      const page = await stage.browser.newPage();
      const hits = await page.evaluate(
        ({ drawn, nodeHeight }) =>
          drawn.edges.flatMap(({ path }) => {
            const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
            line.setAttribute('d', path);
            const length = line.getTotalLength(),
              behind = [];
            for (let at = 0; at <= length; at += 2) {
              const { x, y } = line.getPointAtLength(at);
              for (const box of drawn.nodes)
                if (x > box.x + 1 && x < box.x + box.width - 1 && y > box.y + 1 && y < box.y + nodeHeight - 1)
                  behind.push(box.id);
              if (x < -40 || y < 0 || y > drawn.height) behind.push('outside');
            }
            return behind;
          }),
        { drawn, nodeHeight },
      );
      assert.deepEqual(hits, []);
      await page.close();
    }
  } finally {
    await vite.close();
  }
});
