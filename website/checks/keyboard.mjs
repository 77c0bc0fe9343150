/**
 * A reader without a mouse: skip to the content, search, open a page, change the theme, copy the page as Markdown.
 * `node keyboard.mjs [--build FOLDER]`
 */

import {colourRules, shapeRules} from './lib/axe.mjs';
import {DESKTOP, launch} from './lib/browser.mjs';
import {Report} from './lib/report.mjs';
import {serve} from './lib/serve.mjs';
import {buildFolder} from './lib/site.mjs';
import {listen, open} from './lib/visit.mjs';

/** Milliseconds that a step may take; a test with a site where none works cuts it short. */
const PATIENCE = Number(process.env.HANDBOOK_PATIENCE ?? 10000);

/** What has the keyboard's attention, in words. */
const focused = (page) =>
  page.evaluate(() => {
    const here = document.activeElement;
    const style = getComputedStyle(here);
    const box = here.getBoundingClientRect();
    return {
      text: (here.getAttribute('aria-label') ?? here.textContent ?? '').trim(),
      tag: here.tagName,
      visible: box.width > 0 && box.height > 0,
      ring: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
    };
  });

/** Presses Tab until what has the attention matches; the number of presses, or -1. */
async function tabTo(page, pattern, most = 80) {
  for (let presses = 1; presses <= most; presses += 1) {
    await page.keyboard.press('Tab');
    const here = await focused(page);
    if (pattern.test(here.text)) return presses;
  }
  return -1;
}

const STEPS = {
  'the first Tab reaches the link that skips to the content, and Enter takes it': async (page) => {
    await page.keyboard.press('Tab');
    const link = await focused(page);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    const inside = await page.evaluate(() => Boolean(document.activeElement.closest('main, [id^="__docusaurus_skip"]')));
    return [/skip to/i.test(link.text) && link.visible, inside];
  },
  'Ctrl+K opens the search, and Enter opens the first page that is found': async (page, origin) => {
    await open(page, `${origin}/`);
    await page.keyboard.press('Control+k');
    const box = await focused(page);
    await page.keyboard.type('voting', {delay: 20});
    await page.waitForSelector('[role=option]', {timeout: PATIENCE});
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname !== '/', {timeout: PATIENCE});
    return [box.tag === 'INPUT', true];
  },
  'the search with results is accessible, and Escape closes it': async (page, origin) => {
    await open(page, `${origin}/`);
    await page.keyboard.press('/');
    await page.keyboard.type('docker demon', {delay: 20});
    await page.waitForSelector('[role=option]', {timeout: PATIENCE});
    const found = [...(await shapeRules(page)), ...(await colourRules(page))];
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', {state: 'detached', timeout: PATIENCE});
    const back = await focused(page);
    return [found.length === 0 || found.join('; '), back.tag === 'BUTTON'];
  },
  'a long page can be filtered, and is whole again afterwards': async (page, origin) => {
    await open(page, `${origin}/fix/known-traps/`);
    const shown = () => page.locator('article h3:visible').count();
    const before = await shown();
    await page.locator('.filter input').focus();
    await page.keyboard.type('docker library');
    await page.waitForFunction(() => document.querySelector('.filter [role=status]').textContent, undefined, {timeout: PATIENCE});
    const during = await shown();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    return [during > 0 && during < before / 4, (await shown()) === before];
  },
  'everything that Tab reaches shows where it is': async (page, origin) => {
    await open(page, `${origin}/start/first-run/`);
    const hidden = [];
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press('Tab');
      const here = await focused(page);
      if (here.tag !== 'BODY' && !here.ring) hidden.push(here.text || here.tag);
    }
    return [hidden.length === 0 || hidden.join(', ')];
  },
  'the theme can be changed': async (page, origin) => {
    await open(page, `${origin}/start/first-run/`);
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    const reached = await tabTo(page, /dark|light|system mode|colou?r/i);
    const seen = new Set([await theme()]);
    for (let presses = 0; presses < 3; presses += 1) {
      await page.keyboard.press('Enter');
      seen.add(await theme());
    }
    return [reached > 0, seen.has('dark') && seen.has('light')];
  },
  'a page can be copied as Markdown': async (page, origin) => {
    await open(page, `${origin}/start/first-run/`);
    const reached = await tabTo(page, /copy as markdown/i, 150);
    await page.keyboard.press('Enter');
    await page.getByText('Copied', {exact: true}).waitFor({timeout: PATIENCE});
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    return [reached > 0, copied.startsWith('# ')];
  },
};

async function main() {
  const report = new Report('the way of the keyboard');
  const site = await serve(buildFolder());
  const browser = await launch();
  const context = await browser.newContext({...DESKTOP, permissions: ['clipboard-read', 'clipboard-write']});
  const page = await context.newPage();
  const heard = listen(page, site.origin);
  await open(page, `${site.origin}/`);
  for (const [step, walk] of Object.entries(STEPS)) {
    const results = await walk(page, site.origin).catch((error) => [String(error)]);
    report.add(step, results.map((good, i) => (good === true ? '' : `part ${i + 1}: ${good}`)).filter(Boolean));
  }
  report.add('no error, no request to elsewhere', heard.take());
  await browser.close();
  site.close();
  report.finish();
}

await main();
