/**
 * Held-out questions in users' words (held-out.json, held-out-limits.json), asked of the search engine itself: which place
 * the page that answers has. `node ranks.mjs [--build FOLDER] [--table]`
 */

import fs from 'node:fs';
import path from 'node:path';
import {load, search} from '../src/search/engine.mjs';
import {Report} from './lib/report.mjs';
import {buildFolder} from './lib/site.mjs';

/** The share of questions, in per cent, whose page is among the first so many results. */
const WANTED = {1: 50, 3: 75, 8: 95};
/** Questions about everything, and about limits and cost: each set keeps the shares, and has so many. */
const SETS = {'held-out.json': 60, 'held-out-limits.json': 40};

const read = (name) => JSON.parse(fs.readFileSync(path.join(import.meta.dirname, name), 'utf8'));

/** Where the first page that answers stands, counted from 1; Infinity if it is not among the results. */
function rank(index, {ask, find}) {
  const found = search(index, ask).map(({url}) => url.replace(/\/$/, ''));
  const best = found.findIndex((url) => find.includes(url)) + 1;
  return {ask, find, found, rank: best || Infinity};
}

/** Asks one set of questions, and reports what is missed. */
function ask(index, {report, name, least}) {
  const questions = read(name);
  const known = new Set(index.pages.map(([url]) => url.replace(/\/$/, '')));
  const ranks = questions.map((question) => rank(index, question));
  report.add(`${name}: enough questions`, questions.length < least ? [`${questions.length} of ${least}`] : []);
  for (const {ask: question, find, found} of ranks) {
    const lost = find.filter((url) => !known.has(url)).map((url) => `there is no page ${url}`);
    report.add(`"${question}"`, [...lost, ...(found.length ? [] : ['finds nothing'])]);
  }
  for (const [place, wanted] of Object.entries(WANTED)) {
    const good = ranks.filter((each) => each.rank <= place).length;
    const share = (100 * good) / ranks.length;
    console.log(`${name}: among the first ${place}: ${good} of ${ranks.length}`);
    const missed = ranks.filter((each) => each.rank > place).map((each) => `"${each.ask}": ${each.found.slice(0, 3).join(', ')}`);
    report.add(`${name}, among the first ${place}: ${share.toFixed(0)} % of ${wanted} %`, share < wanted ? missed : []);
  }
  if (process.argv.includes('--table')) ranks.forEach((each) => console.log(`${each.rank}\t${each.ask}\t${each.found[0]}`));
}

function main() {
  const report = new Report('ranks of held-out questions');
  const file = path.join(buildFolder(), 'search.json');
  if (!fs.existsSync(file)) {
    report.add('the index', [`there is no ${file}`]);
    report.finish();
    return;
  }
  const index = load(fs.readFileSync(file, 'utf8'));
  for (const [name, least] of Object.entries(SETS)) ask(index, {report, name, least});
  report.finish();
}

main();
