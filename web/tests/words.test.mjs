// What screens say in words, without a browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'vite';

let vite;
before(async () => { vite = await createServer({ root: new URL('..', import.meta.url).pathname, logLevel: 'error', appType: 'custom', server: { middlewareMode: true, ws: false, watch: null }, optimizeDeps: { noDiscovery: true } }); });
after(() => vite.close());
const load = (name) => vite.ssrLoadModule(`/src/lib/${name}.ts`);

test('numbers keep the zeros that mean something', async () => {
  const { number } = await load('words');
  for (const [value, text] of [[4579.96, '4580'], [100.04, '100'], [0.1, '0.1'], [0.25, '0.25'], [0.123456, '0.1235'], [1200, '1200'], [1999.999, '2000'], [1e-9, '1e-9'], [-0.5, '-0.5'], [NaN, 'NaN'], [Infinity, 'Infinity']])
    assert.equal(number(value), text);
});

test('approvals are counted by role, and evidence is none', async () => {
  const { approvalWords, whyNotApprove } = await load('review');
  const verdict = { deny: [], warn: [], require: [
    { code: 'a', needs: 'one', met: true, by: ['user:rita'], approvals: { role: 'risk' } }, { code: 'b', approvals: { role: 'legal', count: 2 } }, { code: 'c', needs: 'evidence of type card', met: false }] };
  assert.equal(approvalWords(verdict), '1 of 3, needs legal');
  assert.equal(approvalWords({ ...verdict, require: [verdict.require[2]] }), 'none asked for');

  const me = { actor: 'user:cora', grants: [{ role: 'risk', workspace: '*', name_pattern: '*' }] };
  const request = { name: 'loan', requested_by: 'user:anna', verdict };
  assert.equal(whyNotApprove(request, me, 'user:anna'), undefined);
  assert.match(whyNotApprove(request, me, 'user:cora'), /made this version/);
  // Asked for in other roles, an author is held back, too; where nobody is asked, her yes is a record.
  assert.match(whyNotApprove({ ...request, verdict: { ...verdict, require: [verdict.require[1]] } }, me, 'user:cora'), /made this version/);
  assert.equal(whyNotApprove({ ...request, verdict: { ...verdict, require: [verdict.require[2]] } }, me, 'user:cora'), undefined);
  // One role that counts is enough.
  const two = { ...me, grants: [...me.grants, { role: 'legal', workspace: '*', name_pattern: '*' }] };
  const lax = { ...verdict, require: [verdict.require[0], { code: 'b', approvals: { role: 'legal', not_author: false } }] };
  assert.equal(whyNotApprove({ ...request, verdict: lax }, two, 'user:cora'), undefined);
  const asked = { ...request, requested_by: 'user:cora', verdict: { ...verdict, require: [{ code: 'a', approvals: { role: 'risk', not_requester: true } }] } };
  assert.match(whyNotApprove(asked, me, 'user:anna'), /asked for this move/);
});

test('the addresses of MLflow’s own UI', async () => {
  const { mlflowAddress } = await load('mlflow');
  const id = 'a'.repeat(32);
  for (const [hash, address] of [
    [`#/experiments/0/runs/${id}`, `/runs/${id}`], [`#/experiments/3/runs/${id}/model-metrics`, `/runs/${id}`], ['#/experiments/3', '/runs?experiment=3'],
    ['#/experiments/3/traces?x=1', '/runs?experiment=3'], ['#/models/loan-risk', '/models/loan-risk'], ['#/models/a%2Fb/versions/2', '/models/a%2Fb?version=2'],
    ['#/prompts/greeting', '/prompts/greeting'], ['#main', undefined], ['', undefined]])
    assert.equal(mlflowAddress(hash), address, hash);
});
