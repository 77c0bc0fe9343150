/**
 * Every page in Chromium, as wide as a desktop and as a phone, in light and dark: accessibility, errors, requests to
 * elsewhere, and sideways scrolling. `node browser.mjs [--build FOLDER] [--only /start/]`
 */

import {colourRules, placeRules, shapeRules} from './lib/axe.mjs';
import {DESKTOP, PHONE, launch} from './lib/browser.mjs';
import {WIDTH, pool} from './lib/pool.mjs';
import {Report} from './lib/report.mjs';
import {serve} from './lib/serve.mjs';
import {buildFolder, pagesOf} from './lib/site.mjs';
import {listen, open, overflow} from './lib/visit.mjs';

/** Sets the reader's theme, and waits until the page has followed. */
async function theme(page, colorScheme) {
  await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
  await page.waitForFunction((wanted) => (document.documentElement.dataset.theme ?? wanted) === wanted, colorScheme);
}

const named = (name, complaints) => complaints.map((line) => `${name}: ${line}`);

/**
 * Whether no page of the same folder was asked yet: what only phones are shown, the menu above all, is the same on all
 * of them.
 */
const folders = new Set();
function isFirst(url) {
  const folder = new URL(url).pathname.split('/')[1];
  const first = !folders.has(folder);
  folders.add(folder);
  return first;
}

/** What is still said when the page has followed its new size: a table that got too wide can be scrolled then. */
async function lasting(page, rules) {
  let found = await rules(page);
  for (let waits = 0; found.length > 0 && waits < 10; waits += 1) {
    await page.waitForTimeout(200);
    found = await rules(page);
  }
  return found;
}

/** The complaints about a page. It is loaded once, and then made narrow as when a window is. */
async function look(url, {page, heard}) {
  await page.setViewportSize(DESKTOP.viewport);
  await page.emulateMedia({colorScheme: 'light', reducedMotion: 'reduce'});
  await open(page, url);
  const found = named('desktop, light', [...(await shapeRules(page)), ...(await colourRules(page))]);
  await theme(page, 'dark');
  found.push(...named('desktop, dark', await colourRules(page)));
  await page.setViewportSize(PHONE.viewport);
  if (isFirst(url)) {
    found.push(...named('phone, dark', await colourRules(page)));
    await theme(page, 'light');
    found.push(...named('phone, light', [...(await colourRules(page)), ...(await lasting(page, shapeRules))]));
  } else {
    found.push(...named('phone', await lasting(page, placeRules)));
  }
  found.push(...named('phone', await overflow(page)));
  return [...found, ...heard.take()];
}

/** 404.html is served with status 404, which Chromium itself reports. */
const expected = (url) => (line) => url.includes('404') && /status of 404/.test(line);

async function main() {
  const build = buildFolder();
  const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : '/';
  const urls = pagesOf(build).filter((url) => url.startsWith(only));
  const report = new Report('pages in the browser');
  const site = await serve(build);
  const browser = await launch();
  const context = await browser.newContext(DESKTOP);
  const workers = await Promise.all(
    Array.from({length: WIDTH}, async () => {
      const page = await context.newPage();
      return {page, heard: listen(page, site.origin)};
    }),
  );
  await pool(urls, workers, async (url, worker) => {
    const complaints = await look(site.origin + url, worker).catch((error) => [String(error)]);
    report.add(url, complaints.filter((line) => !expected(url)(line)));
  });
  await browser.close();
  site.close();
  report.finish();
}

await main();
