/**
 * Lighthouse on one page of each type: what it says of accessibility, best practices and SEO must be perfect, and what a
 * page loads must keep a budget; neither depends on the machine. `node lighthouse.mjs [--build FOLDER]`
 * With `--speed`, the performance score instead, which does: what else the machine does can only make a page slower, so a
 * page below its budget is measured again, and its best counts.
 */

import {createRequire} from 'node:module';
import lighthouse, {desktopConfig} from 'lighthouse';
import {FLAGS, program} from './lib/browser.mjs';
import {Report} from './lib/report.mjs';
import {serve} from './lib/serve.mjs';
import {buildFolder, pagesOf} from './lib/site.mjs';

const chromeLauncher = createRequire(createRequire(import.meta.url).resolve('lighthouse'))('chrome-launcher');

/**
 * A page of each type, and the thousands of bytes of scripts that it may load: home, one with a diagram and a recording, a
 * plain one, a long generated one.
 */
const PAGES = {
  '/': 200,
  '/start/how-agents-agree/': 450,
  '/keys/where-keys-are-read/': 250,
  '/reference/yaml-keys/': 265,
};
/** What it may load besides, in thousands of bytes; what is fetched ahead for the next page is part of it. */
const BESIDES = 140;
/** Requests before it is whole: without those for the next page. */
const REQUESTS = 24;
const LAYOUT_SHIFT = 0.02;
const PERFECT = ['accessibility', 'best-practices', 'seo'];
const MEASURED = ['resource-summary', 'cumulative-layout-shift'];

const SPEED = {desktop: 95, mobile: 85};
const MEASUREMENTS = 5;

async function measure(url, device, port, flags) {
  const common = {port, disableFullPageScreenshot: true, logLevel: 'error', output: 'json'};
  const {lhr} = await lighthouse(url, {...common, ...flags}, device === 'desktop' ? desktopConfig : undefined);
  return lhr;
}

const score = (lhr, category) => Math.round(100 * (lhr.categories[category].score ?? 0));

/** The audits that cost points, in words. */
const faults = (lhr, category) =>
  lhr.categories[category].auditRefs
    .filter(({id, weight}) => weight > 0 && (lhr.audits[id].score ?? 1) < 0.9)
    .map(({id}) => `${id} ${lhr.audits[id].displayValue ?? ''}`.trim())
    .join(', ');

const above = (what, value, most) => (value <= most ? [] : [`${what}: ${value}, above ${most}`]);

/** What of a page is not perfect, or above its budget. */
async function look(url, device, port, scripts) {
  const flags = {onlyCategories: PERFECT, onlyAudits: MEASURED, throttlingMethod: 'provided'};
  const lhr = await measure(url, device, port, flags);
  const imperfect = PERFECT.filter((category) => score(lhr, category) < 100);
  const kinds = Object.fromEntries(lhr.audits['resource-summary'].details.items.map((kind) => [kind.resourceType, kind]));
  const {total, script, other} = kinds;
  return [
    ...imperfect.map((category) => `${category} ${score(lhr, category)}: ${faults(lhr, category)}`),
    ...above('thousands of bytes of scripts', script.transferSize / 1000, scripts),
    ...above('thousands of bytes besides', (total.transferSize - script.transferSize) / 1000, BESIDES),
    ...above('requests', total.requestCount - other.requestCount, REQUESTS),
    ...above('layout shift', lhr.audits['cumulative-layout-shift'].numericValue, LAYOUT_SHIFT),
  ];
}

/** How fast a page is, in points, if they are too few. */
async function race(url, device, port) {
  let best;
  for (let done = 0; done < MEASUREMENTS && !(best && score(best, 'performance') >= SPEED[device]); done += 1) {
    const lhr = await measure(url, device, port, {onlyCategories: ['performance']});
    if (!best || score(lhr, 'performance') > score(best, 'performance')) best = lhr;
  }
  const reached = score(best, 'performance');
  console.log(`${url} on ${device}: performance ${reached}`);
  return above('points missing', SPEED[device] - reached, 0).map((line) => `${line}: ${faults(best, 'performance')}`);
}

async function main() {
  const build = buildFolder();
  const missing = Object.keys(PAGES).filter((url) => !pagesOf(build).includes(url));
  const report = new Report('Lighthouse');
  report.add('a page of each type', missing.map((url) => `there is no page ${url}`));
  const site = await serve(build);
  const chrome = await chromeLauncher.launch({chromePath: program(), chromeFlags: ['--headless=new', ...FLAGS]});
  const check = process.argv.includes('--speed') ? race : look;
  for (const [url, scripts] of Object.entries(PAGES).filter(([each]) => !missing.includes(each))) {
    for (const device of Object.keys(SPEED)) {
      report.add(`${url} on ${device}`, await check(site.origin + url, device, chrome.port, scripts));
    }
  }
  chrome.kill();
  site.close();
  report.finish();
}

await main();
