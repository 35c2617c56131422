// What the governance screens show: a model with verified numbers that waits for two approvals, a discussion, a guarded
// rollout, a webhook. Stands on a stage that is open and filled.
import { createHash } from 'node:crypto';
import { people } from './stage.mjs';

people.lena = 'a fourth password';

export async function blob(stage, text) {
  const answer = await fetch(`${stage.url}/api/v1/blobs`, {
    method: 'PUT',
    body: text,
    headers: {
      Authorization: `Basic ${Buffer.from(`anna:${people.anna}`).toString('base64')}`,
      'Content-Type': 'application/octet-stream',
    },
  });
  if (!answer.ok) throw new Error(`PUT blob: ${answer.status} ${await answer.text()}`);
  return createHash('sha256').update(text).digest('hex');
}

/** Version 1 approves nearly everyone; version 2 is better, with every tenth row wrong. */
async function evaluatedModel(stage) {
  const call = (...words) => stage.call('anna', ...words);
  const rows = Array.from({ length: 200 }, (_, i) => ({
    id: i,
    race: i % 3 === 0 ? 'black' : 'white',
    approve: i % 2,
  }));
  const holdout = await blob(
    stage,
    `id,race,approve\n${rows.map((r) => `${r.id},${r.race},${r.approve}`).join('\n')}\n`,
  );
  await call('POST', '/api/v1/assets/dataset/holdout/versions', {
    files: [{ path: 'holdout.csv', digest: holdout }],
    description: 'never trained on',
  });
  await call('POST', '/api/v1/assets', { kind: 'model', name: 'loan-risk', description: 'who gets a mortgage' });
  for (const [version, guess] of [
    [1, () => 1],
    [2, (r) => (r.id % 10 === 0 ? 1 - r.approve : r.approve)],
  ]) {
    const requirements = await blob(stage, `scikit-learn==1.${version}.0\nmlflow==3.14.0\n`);
    await call('POST', '/api/v1/assets/model/loan-risk/versions', {
      description: `candidate ${version}`,
      files: [{ path: 'requirements.txt', digest: requirements }],
    });
    const predictions = await blob(stage, `id,prediction\n${rows.map((r) => `${r.id},${guess(r)}`).join('\n')}\n`);
    await call('POST', '/api/v1/evidence/evaluate', {
      model: { name: 'loan-risk', version },
      dataset: { name: 'holdout', version: 1 },
      predictions: { digest: predictions },
      label: 'approve',
      groups: ['race'],
      join: 'id',
    });
    await call('POST', '/api/v1/evidence', {
      asset: { kind: 'model', name: 'loan-risk', version },
      type: 'evaluation',
      body: { metrics: { 'training accuracy': 0.9 + version / 100 } },
    });
  }
  await call('POST', '/api/v1/evidence', {
    asset: { kind: 'model', name: 'loan-risk', version: 2 },
    type: 'card',
    body: '# Loan risk\n\nScores **mortgage** applications.\n\n## Limits\n\nNot for companies.',
  });
  await call('PUT', '/api/v1/assets/model/loan-risk/aliases/production', { version: 1 });
}

export async function rolloutOf(
  stage,
  prompt,
  {
    guards = [{ metric: 'helpfulness', margin: 0.02 }],
    steps = [{ weight: 10, bake_seconds: 86400 }, { weight: 50, bake_seconds: 86400 }, { weight: 100 }],
  } = {},
) {
  const call = (...words) => stage.call('anna', ...words);
  await call('POST', `/api/v1/prompts/${prompt}/versions`, {
    template: 'You help {{name}}. Be friendly.',
    semver: '1.0.0',
  });
  await call('POST', `/api/v1/prompts/${prompt}/versions`, {
    template: 'You help {{name}}. Be quick.',
    semver: '1.1.0',
    description: 'shorter answers',
  });
  await call('PUT', `/api/v1/assets/prompt/${prompt}/aliases/production`, { version: 1 });
  return call('POST', `/api/v1/prompts/${prompt}/rollouts`, {
    version: '1.1.0',
    steps,
    guards,
    reason: 'shorter answers',
  });
}
export const report = (stage, prompt, pairs, stable, candidate) =>
  stage.call('anna', 'POST', `/api/v1/prompts/${prompt}/reports`, {
    reports: Array.from({ length: pairs }, () => [
      [1, stable],
      [2, candidate],
    ])
      .flat()
      .map(([version, value]) => ({ version, metric: 'helpfulness', value })),
  });

/** The change request's id, and the moment before production moved for the first time. */
export async function fillGoverned(stage) {
  const call = (...words) => stage.call('anna', ...words);
  const grant = [{ role: 'legal', workspace: '*', name_pattern: 'loan-*' }];
  await call('POST', '/api/v1/users', { name: 'lena', password: people.lena, grants: grant });
  const before = new Date().toISOString();
  await evaluatedModel(stage);
  await call('POST', '/api/v1/policies/four-eyes', {
    description: 'two roles, and a card',
    modules: [
      {
        name: 'gate.rego',
        text: `package regesta.gate

deny contains {"code": "card", "msg": "there is no model card", "remediation": "regesta evidence add loan-risk@N --type card --file card.md"} if {
	input.candidate
	not input.candidate.card
}

require contains {"code": "risk", "msg": "a risk officer approves", "approvals": {"role": "risk"}} if input.candidate

require contains {"code": "legal", "msg": "legal approves", "approvals": {"role": "legal"}} if input.candidate
`,
      },
    ],
  });
  await call('POST', '/api/v1/policies/bindings', {
    kind: 'model',
    name_pattern: 'loan-*',
    pointer: 'production',
    policy: 'four-eyes',
  });
  const { change_request } = await call('PUT', '/api/v1/assets/model/loan-risk/aliases/production', {
    version: 2,
    reason: 'fairer and more accurate',
  });
  await call('POST', `/api/v1/change-requests/${change_request.id}/comments`, {
    body: 'The holdout is **from this year**; see `holdout@1`.',
  });
  return { request: change_request.id, before };
}
