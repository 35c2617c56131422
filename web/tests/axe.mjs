// What axe finds on a page, by the rules of WCAG 2.2 AA and its best practices.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const targetSize = { 'target-size': { enabled: true } };

/** One line per violated rule, with the first two elements. `rules` are axe's, beside those of the standards. */
export async function violations(page, rules = {}) {
  await page.evaluate(axe);
  const found = await page.evaluate(
    (more) =>
      globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
        rules: more,
      }),
    rules,
  );
  return found.violations.map((violation) => {
    const elements = violation.nodes.map((node) => node.html);
    return `${violation.id}: ${elements.slice(0, 2).join(' ')}`;
  });
}
