// A server without users trusts this machine. A web page that somebody on it visits is not this machine: under a name
// that an attacker made point here (DNS rebinding), or from its own origin, it neither reads nor changes anything.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Stage } from './stage.mjs';

let stage, browser, evil, port;
before(async () => {
  stage = await new Stage().open({ users: false });
  await stage.call(undefined, 'POST', '/api/v1/prompts/secret/versions', {
    template: 'the secret wording of {{name}}',
  });
  port = new URL(stage.url).port;
  evil = createServer((request, answer) => {
    request.resume();
    answer.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>evil</title>');
  });
  await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      '--no-sandbox',
      '--host-resolver-rules=MAP *.example 127.0.0.1',
      // Chromium has begun to keep pages away from loopback; other browsers have not, so the server is tested without
      // that help.
      '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights',
    ],
  });
});
after(async () => {
  await browser?.close();
  evil?.closeAllConnections();
  evil?.close();
  await stage?.close();
});
const names = async () => (await stage.call(undefined, 'GET', '/api/v1/assets')).items.map(({ name }) => name);

test('under a name that was made to point here, a page reads nothing and changes nothing', async () => {
  const page = await browser.newPage();
  // The attacker's page is of this very origin: to the browser, rebinding.example is this server. It need not be a page
  // of ours.
  await page.route('**/attack', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>attack</title>' }),
  );
  await page.goto(`http://rebinding.example:${port}/attack`);
  const got = await page.evaluate(async () => {
    const ask = async (path, options) => {
      const answer = await fetch(path, options).catch(() => undefined);
      return { status: answer?.status ?? 0, text: (await answer?.text()) ?? '' };
    };
    const json = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
    return {
      read: await Promise.all(
        [
          '/api/v1/prompts/secret/versions/1',
          '/api/v1/assets',
          '/api/2.0/mlflow/registered-models/search',
          '/api/public/v2/prompts',
          '/git/prompts.git/info/refs?service=git-upload-pack',
          '/api/v1/users/me',
          '/api/v1/changes?after=0&wait=0',
        ].map((path) => ask(path)),
      ),
      write: await Promise.all([
        ask('/api/v1/assets', { ...json, body: '{"kind":"prompt","name":"rebound"}' }),
        ask('/api/v1/users', { ...json, body: '{"name":"mallory","password":"a long password","grants":[]}' }),
        ask('/api/2.0/mlflow/registered-models/create', { ...json, body: '{"name":"rebound-model"}' }),
        ask('/git/prompts.git/git-receive-pack', {
          method: 'POST',
          headers: { 'Content-Type': 'application/x-git-receive-pack-request' },
          body: '0000',
        }),
        ask('/api/v1/blobs', { method: 'PUT', headers: { 'Content-Type': 'application/octet-stream' }, body: 'x' }),
      ]),
    };
  });
  for (const { status, text } of [...got.read, ...got.write]) {
    assert.ok(status >= 400 || status === 0, `answered ${status}: ${text.slice(0, 100)}`);
    assert.doesNotMatch(text, /secret wording/);
  }
  assert.deepEqual(await names(), ['secret']);
  await page.close();
});

test('a page of another origin changes nothing, with whatever a browser sends without asking first', async () => {
  const page = await browser.newPage();
  for (const from of ['http://attacker.example', 'http://127.0.0.1', 'http://localhost']) {
    await page.goto(`${from}:${evil.address().port}/`);
    const answers = await page.evaluate(async (server) => {
      const plain = (path, body, type = 'text/plain') =>
        fetch(server + path, {
          method: 'POST',
          mode: 'no-cors',
          credentials: 'include',
          headers: { 'Content-Type': type },
          body,
        }).then(
          () => 'sent',
          () => 'refused',
        );
      const read = (path) =>
        fetch(server + path, { credentials: 'include' }).then(
          (answer) => answer.text(),
          () => '',
        );
      await plain('/api/v1/assets', '{"kind":"prompt","name":"crossed"}');
      await plain('/api/v1/assets', '{"kind":"prompt","name":"crossed"}', 'application/x-www-form-urlencoded');
      await plain('/api/v1/users', '{"name":"mallory","password":"a long password","grants":[]}');
      await plain('/api/2.0/mlflow/registered-models/create', '{"name":"crossed-model"}');
      await plain('/ajax-api/2.0/mlflow/registered-models/create', '{"name":"crossed-model"}');
      await plain('/git/prompts.git/git-receive-pack', '0000');
      await plain('/api/v1/jobs/lease', '{"runner":"evil"}');
      return {
        read: await read('/api/v1/prompts/secret/versions/1'),
        mlflow: await read('/api/2.0/mlflow/registered-models/search'),
      };
    }, stage.url);
    assert.equal(answers.read + answers.mlflow, '', `${from} reads`);
    assert.deepEqual(await names(), ['secret'], `${from} writes`);
    // A form that opens the server in a window of its own.
    await page.setContent(
      `<form method="post" enctype="text/plain" action="${stage.url}/api/v1/assets"><input name='{"kind":"prompt","name":"posted","description":"' value='"}'></form>`,
    );
    await page.evaluate(() => document.forms[0].submit());
    await page.waitForURL(`${stage.url}/**`).catch(() => {});
    await page.waitForLoadState();
    assert.deepEqual(await names(), ['secret'], `${from} posts a form`);
  }
  const me = await fetch(`${stage.url}/api/v1/users/me`);
  assert.equal(me.status, 200, 'nobody became the first user');
  await page.close();
});

test('this machine’s own page and its programs go on as before', async () => {
  const page = await browser.newPage();
  for (const host of ['127.0.0.1', 'localhost']) {
    await page.goto(`http://${host}:${port}/prompts/secret`);
    await page.getByText('the secret wording of').first().waitFor();
  }
  await stage.call(undefined, 'POST', '/api/v1/prompts/second/versions', { template: 'Hi' });
  assert.deepEqual(await names(), ['second', 'secret']);
  await page.close();
});
