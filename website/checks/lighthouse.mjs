/**
 * Lighthouse on one page of each type: everything that does not depend on the machine must be perfect; performance must
 * keep a budget. What else the machine does can only make a page slower, never faster, so a page below its budget is
 * measured again, and its best counts. `node lighthouse.mjs [--build FOLDER]`
 */

import {createRequire} from 'node:module';
import lighthouse, {desktopConfig} from 'lighthouse';
import {FLAGS, program} from './lib/browser.mjs';
import {Report} from './lib/report.mjs';
import {serve} from './lib/serve.mjs';
import {buildFolder, pagesOf} from './lib/site.mjs';

const chromeLauncher = createRequire(createRequire(import.meta.url).resolve('lighthouse'))('chrome-launcher');

/** A page of each type: home, one with a diagram and a recording, a plain one, a long generated one. */
const PAGES = ['/', '/start/how-agents-agree/', '/keys/where-keys-are-read/', '/reference/yaml-keys/'];
const BUDGET = {desktop: 95, mobile: 85};
const PERFECT = ['accessibility', 'best-practices', 'seo'];
const MEASUREMENTS = 5;

async function measure(url, device, port, categories) {
  const flags = {port, onlyCategories: categories, disableFullPageScreenshot: true, logLevel: 'error', output: 'json'};
  const {lhr} = await lighthouse(url, flags, device === 'desktop' ? desktopConfig : undefined);
  return lhr;
}

const score = (lhr, category) => Math.round(100 * (lhr.categories[category].score ?? 0));

/** The audits that cost points, in words. */
const faults = (lhr, category) =>
  lhr.categories[category].auditRefs
    .filter(({id, weight}) => weight > 0 && (lhr.audits[id].score ?? 1) < 0.9)
    .map(({id}) => `${id} ${lhr.audits[id].displayValue ?? ''}`.trim())
    .join(', ');

async function look(url, device, port) {
  const first = await measure(url, device, port, ['performance', ...PERFECT]);
  const imperfect = PERFECT.filter((category) => score(first, category) < 100);
  const complaints = imperfect.map((category) => `${category} ${score(first, category)}: ${faults(first, category)}`);
  let best = first;
  for (let done = 1; score(best, 'performance') < BUDGET[device] && done < MEASUREMENTS; done += 1) {
    const again = await measure(url, device, port, ['performance']);
    if (score(again, 'performance') > score(best, 'performance')) best = again;
  }
  const reached = score(best, 'performance');
  if (reached < BUDGET[device]) {
    complaints.push(`performance ${reached} below ${BUDGET[device]}: ${faults(best, 'performance')}`);
  }
  return complaints;
}

async function main() {
  const build = buildFolder();
  const missing = PAGES.filter((url) => !pagesOf(build).includes(url));
  const report = new Report('Lighthouse');
  report.add('a page of each type', missing.map((url) => `there is no page ${url}`));
  const site = await serve(build);
  const chrome = await chromeLauncher.launch({chromePath: program(), chromeFlags: ['--headless=new', ...FLAGS]});
  for (const url of PAGES.filter((each) => !missing.includes(each))) {
    for (const device of Object.keys(BUDGET)) {
      report.add(`${url} on ${device}`, await look(site.origin + url, device, chrome.port));
    }
  }
  chrome.kill();
  site.close();
  report.finish();
}

await main();
