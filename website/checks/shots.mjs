/**
 * Pictures of one page of each type, to be looked at: desktop and phone, light and dark.
 * `npm run shots -- FOLDER [--build FOLDER] [--page /start/first-run/]`
 */

import fs from 'node:fs';
import path from 'node:path';
import {DESKTOP, PHONE, launch} from './lib/browser.mjs';
import {serve} from './lib/serve.mjs';
import {buildFolder, pagesOf} from './lib/site.mjs';
import {open} from './lib/visit.mjs';

const TYPES = [
  '/',
  '/start/',
  '/start/how-agents-agree/',
  '/start/first-run/',
  '/backends/all-backends/',
  '/configure/templates/',
  '/limits/quick-start/',
  '/fix/troubleshooting/',
  '/reference/cli/',
  '/limits/how-it-works/',
  '/learn/recordings/',
  '/learn/case-six-agents-one-key/',
  '/fix/known-traps/',
  '/policies/documentation/',
  '/404.html',
  '/search/?q=voting',
];

const nameOf = (url) => url.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'home';

async function main() {
  const folder = process.argv[2];
  if (!folder || folder.startsWith('--')) throw new Error('Name a folder for the pictures: npm run shots -- FOLDER');
  fs.mkdirSync(folder, {recursive: true});
  const build = buildFolder();
  const at = process.argv.indexOf('--page');
  const known = new Set(pagesOf(build));
  const urls = (at > 0 ? [process.argv[at + 1]] : TYPES).filter((url) => known.has(url.replace(/\?.*/, '')));
  const site = await serve(build);
  const browser = await launch();
  for (const [device, settings] of Object.entries({desktop: DESKTOP, phone: PHONE})) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({...settings, colorScheme, reducedMotion: 'reduce'});
      const page = await context.newPage();
      for (const url of urls) {
        await open(page, site.origin + url);
        const file = path.join(folder, `${nameOf(url)}-${device}-${colorScheme}.png`);
        await page.screenshot({path: file, fullPage: device === 'desktop'});
        console.log(file);
      }
      await context.close();
    }
  }
  await browser.close();
  site.close();
}

await main();
