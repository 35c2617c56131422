// What a person would see: bytes, paints, and tasks that hold the page up.
/** The value that this share of them stays below. */
export const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];

/** Compressed bytes of what index.html asks for before the first screen. */
export async function sizes(stage) {
  const brotli = { headers: { 'Accept-Encoding': 'br' } };
  const index = await (await fetch(stage.url)).text();
  const size = async (path) =>
    Number((await fetch(stage.url + path, { method: 'HEAD', ...brotli })).headers.get('content-length'));
  const sum = async (pattern) =>
    (await Promise.all([...index.matchAll(pattern)].map((match) => size(match[1])))).reduce((a, b) => a + b, 0);
  return { script: await sum(/(?:src|href)="([^"]+\.js)"/g), style: await sum(/href="([^"]+\.css)"/g) };
}

async function slowPage(stage, state, times) {
  const context = await stage.browser.newContext({
    baseURL: stage.url,
    storageState: state,
    viewport: { width: 1440, height: 900 },
  });
  const page = await context.newPage();
  if (times > 1) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: times });
  return page;
}

/**
 * Marks when the wanted content has been painted and the page can answer. It looks when the page changes: looking at every frame,
 * or asking from outside, would itself keep a slowed page busy.
 */
function markUsable(wanted) {
  const look = () => {
    if (![...document.querySelectorAll(wanted)].some((place) => place.checkVisibility())) return;
    changes.disconnect();
    requestAnimationFrame(() =>
      setTimeout(() => {
        performance.mark('usable');
        console.debug('usable');
      }),
    );
  };
  const changes = new MutationObserver(look);
  changes.observe(document, { subtree: true, childList: true, attributeFilter: ['hidden'] });
}

/** One visit in a fresh context, so that nothing is cached. Usable: the content is seen and the page can answer. */
export async function paint(stage, state, address, selector) {
  const page = await slowPage(stage, state, 4);
  await page.addInitScript(markUsable, selector);
  const told = page.waitForEvent('console', (message) => message.text() === 'usable');
  await page.goto(address);
  await told;
  const [first, usable] = await page.evaluate(() =>
    ['first-contentful-paint', 'usable'].map((name) => performance.getEntriesByName(name)[0].startTime),
  );
  await page.context().close();
  return { first, usable };
}

/** Turns the wheel through the table, jumps about in it with the scroll bar, and runs down it by keyboard. */
export async function longTasks(stage, state, address, times) {
  const page = await slowPage(stage, state, times);
  await page.goto(address);
  await page.locator('tr.run a').first().waitFor();
  await page.waitForTimeout(1500);
  await page.evaluate(() => {
    globalThis.tasks = [];
    globalThis.frames = 0;
    new PerformanceObserver((list) =>
      globalThis.tasks.push(...list.getEntries().map((entry) => entry.duration)),
    ).observe({ type: 'longtask' });
    const frame = () => {
      ++globalThis.frames;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const began = Date.now();
  await page.locator('.window').hover();
  for (let i = 0; i < 120; ++i) {
    await page.mouse.wheel(0, i % 3 ? 240 : 1800);
    await page.waitForTimeout(16);
  }
  for (let i = 0; i < 40; ++i) {
    await page.locator('.window').evaluate(
      (box, place) => {
        box.scrollTop = place * box.scrollHeight;
      },
      ((i * 37) % 100) / 100,
    );
    await page.waitForTimeout(60);
  }
  await page.getByRole('grid').focus();
  for (let i = 0; i < 60; ++i) await page.keyboard.press(i % 10 ? 'ArrowDown' : 'PageDown');
  // The place is reached for good: its rows are there.
  await page.locator('.window').evaluate((box) => {
    box.scrollTop = box.scrollHeight;
  });
  await page.getByRole('link', { name: 'run-0', exact: true }).waitFor();
  const seconds = (Date.now() - began) / 1000;
  const { tasks, frames } = await page.evaluate(() => ({ tasks: globalThis.tasks, frames: globalThis.frames }));
  await page.context().close();
  return { longest: Math.max(0, ...tasks), count: tasks.length, frames: frames / seconds };
}
