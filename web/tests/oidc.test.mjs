// Signing in through a real OpenID provider, by clicking: there and back, declining, signing out in both places.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { IdentityProvider, clientId, clientSecret } from '../../tests/oidc/provider.mjs';
import { violations } from './axe.mjs';
import { Stage } from './stage.mjs';

let provider, stage;
before(async () => {
  provider = await new IdentityProvider().start();
  const person = (sub, name, groups) => ({ sub, preferred_username: name, groups });
  provider.people.set('mia', person('s-mia', 'mia', ['risk'])).set('boss', person('s-boss', 'anna', []));
  Object.assign(process.env, {
    REGESTA_OIDC_ISSUER: provider.issuer,
    REGESTA_OIDC_CLIENT_ID: clientId,
    REGESTA_OIDC_CLIENT_SECRET: clientSecret,
    REGESTA_OIDC_LABEL: 'Bank ID',
    REGESTA_OIDC_CREATE_USERS: 'true',
    REGESTA_OIDC_ROLES: 'risk = risk; * = reader',
  });
  stage = await new Stage().open();
  await stage.fill();
});
after(async () => {
  await stage?.close();
  await provider?.stop();
});

async function signIn(page, login) {
  await page.getByRole('link', { name: 'Sign in with Bank ID' }).click();
  await page.getByLabel('Login').fill(login);
  await page.getByRole('button', { name: login ? 'Continue' : 'Cancel' }).click();
}

test('the way there ends where the person wanted to go', async () => {
  const page = await stage.page();
  await page.goto('/ledger?entry=3');
  await signIn(page, 'mia');
  await page.getByRole('heading', { name: 'Ledger' }).waitFor();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/ledger?entry=3');
  const me = await (await page.request.get('/api/v1/users/me')).json();
  assert.equal(me.actor, 'user:mia');
  assert.deepEqual(
    me.grants.map((grant) => grant.role),
    ['risk', 'reader'],
  );
  const [cookie] = (await page.context().cookies()).filter((c) => c.name === 'regesta_session');
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, 'Strict');
  assert.deepEqual(page.faults, []);
});

test('who declines, and who has the name of somebody here, is told on the sign-in page and once', async () => {
  const page = await stage.page();
  await page.goto('/');
  await signIn(page, '');
  await page.getByRole('alert').getByText('you declined').waitFor();
  assert.equal(new URL(page.url()).search, '');
  await page.reload();
  await page.getByRole('link', { name: 'Sign in with Bank ID' }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  await signIn(page, 'boss');
  await page.getByRole('alert').getByText("there is a user 'anna' here who is not linked").waitFor();
  // The password still works, on the same page.
  await page.getByLabel('Name').fill('anna');
  await page.getByLabel('Password').fill('a long password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Home' }).waitFor();
});

test('signing out here offers to sign out there', async () => {
  const page = await stage.page();
  await page.goto('/');
  await signIn(page, 'mia');
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByText('You are signed out here.').waitFor();
  await page.getByRole('link', { name: 'Sign out of Bank ID, too' }).click();
  await page.getByRole('button', { name: /Yes/ }).click();
  await page.getByRole('link', { name: 'Sign in with Bank ID' }).waitFor();
  assert.equal(page.url(), `${stage.url}/`);
  // The provider has forgotten them as well: it asks who they are.
  await page.getByRole('link', { name: 'Sign in with Bank ID' }).click();
  await page.getByLabel('Login').waitFor();
});

test('ending all sessions signs out the other browser too', async () => {
  const here = await stage.page(),
    there = await stage.page();
  for (const page of [here, there]) {
    await page.goto('/');
    await signIn(page, 'mia');
    await page.getByRole('heading', { name: 'Home' }).waitFor();
  }
  await here.getByRole('button', { name: 'Sign out everywhere' }).click();
  await here
    .getByRole('group', { name: 'Sign out everywhere' })
    .getByRole('button', { name: 'Sign out everywhere' })
    .click();
  await here.getByRole('link', { name: 'Sign in with Bank ID' }).waitFor();
  await there.reload();
  await there.getByRole('link', { name: 'Sign in with Bank ID' }).waitFor();
});

for (const scheme of ['light', 'dark'])
  test(`the sign-in page is accessible, ${scheme}`, async () => {
    for (const width of [1440, 390]) {
      const page = await stage.page(undefined, { colorScheme: scheme, viewport: { width, height: 900 } });
      await page.goto('/');
      await signIn(page, '');
      await page.getByRole('alert').waitFor();
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(wide <= 0, `scrolls sideways by ${wide} px`);
      assert.deepEqual(await violations(page), []);
      assert.deepEqual(page.faults, []);
    }
  });

test('without a provider there is no such button', async () => {
  delete process.env.REGESTA_OIDC_ISSUER;
  const plain = await new Stage().open();
  try {
    const page = await plain.page();
    const ways = page.waitForResponse('**/api/v1/session/ways');
    await page.goto('/');
    assert.deepEqual(await (await ways).json(), { password: true, token: true });
    await page.getByLabel('Password').waitFor();
    assert.equal(await page.getByRole('link', { name: /Sign in with/ }).count(), 0);
  } finally {
    await plain.close();
  }
});
