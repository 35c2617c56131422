import { launch } from 'chrome-launcher';
import lighthouse from 'lighthouse';

const categories = ['performance', 'accessibility', 'best-practices', 'seo'];

/** The four scores of one address, for who holds this cookie, with Lighthouse's own simulated phone and network. */
export async function scores(url, cookie) {
  const found = await visit(url, cookie);
  return found.values.every(Number.isFinite) ? found : visit(url, cookie); // now and then Chromium loses a trace, and there is no score
}

async function visit(url, cookie) {
  const chrome = await launch({ chromePath: process.env.CHROMIUM, chromeFlags: ['--headless=new', '--no-sandbox'] });
  try {
    const { lhr } = await lighthouse(url, {
      port: chrome.port,
      onlyCategories: categories,
      extraHeaders: { Cookie: cookie },
      logLevel: 'error',
    });
    const faults = Object.values(lhr.categories)
      .filter((c) => c.score < 0.95)
      .flatMap((c) =>
        c.auditRefs.filter((ref) => ref.weight > 0 && (lhr.audits[ref.id].score ?? 1) < 0.9).map((ref) => ref.id),
      );
    return {
      values: categories.map((id) => Math.round(100 * (lhr.categories[id].score ?? NaN))),
      faults: [...new Set(faults)],
    };
  } finally {
    await chrome.kill();
  }
}
