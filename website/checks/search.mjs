/**
 * Real questions, typed into the site's search: a page that answers must be among the first results.
 * `node search.mjs [--build FOLDER]`; the questions and the pages that answer them are in questions.json.
 */

import fs from 'node:fs';
import path from 'node:path';
import {DESKTOP, launch} from './lib/browser.mjs';
import {Report} from './lib/report.mjs';
import {serve} from './lib/serve.mjs';
import {buildFolder, pagesOf} from './lib/site.mjs';
import {listen, open} from './lib/visit.mjs';

/** So many results the box in the menu shows. */
const SHOWN = 8;
const LEAST_QUESTIONS = 40;
const BOX = 'main input[type=search]';
const RESULT = 'main article h2 a';

/** Types a question into the search page, and takes the addresses of the pages that come up. */
async function ask(page, question) {
  const shown = page.locator(RESULT);
  await page.fill(BOX, '');
  await shown.first().waitFor({state: 'detached'});
  await page.fill(BOX, question);
  await shown.first().waitFor({timeout: 5000}).catch(() => undefined);
  const links = await shown.evaluateAll((all) => all.map((link) => new URL(link.href).pathname.replace(/\/$/, '')));
  return [...new Set(links.slice(0, SHOWN))];
}

async function main() {
  const build = buildFolder();
  const questions = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, 'questions.json'), 'utf8'));
  const report = new Report('questions to the search');
  const known = new Set(pagesOf(build).map((url) => url.replace(/\/$/, '')));
  report.add('enough questions', questions.length < LEAST_QUESTIONS ? [`${questions.length} of ${LEAST_QUESTIONS}`] : []);
  const site = await serve(build);
  const browser = await launch();
  const page = await (await browser.newContext(DESKTOP)).newPage();
  const heard = listen(page, site.origin);
  await open(page, `${site.origin}/search/`);
  const hasBox = (await page.locator(BOX).count()) > 0;
  report.add('the search page', hasBox ? [] : ['it has no box to type into']);
  for (const {ask: question, find} of hasBox ? questions : []) {
    const lost = find.filter((url) => !known.has(url)).map((url) => `there is no page ${url}`);
    const found = await ask(page, question).catch((error) => [String(error)]);
    const hit = found.some((url) => find.includes(url));
    report.add(`"${question}"`, [...lost, ...(hit ? [] : [`none of ${find.join(', ')} in: ${found.join(', ') || 'nothing'}`])]);
  }
  report.add('no error, no request to elsewhere', heard.take());
  await browser.close();
  site.close();
  report.finish();
}

await main();
