/**
 * Held-out questions in users' words (held-out.json), asked of the search engine itself: where the page that answers
 * stands. `node ranks.mjs [--build FOLDER] [--table]`
 */

import fs from 'node:fs';
import path from 'node:path';
import {load, search} from '../src/search/engine.mjs';
import {Report} from './lib/report.mjs';
import {buildFolder} from './lib/site.mjs';

/** The share of questions, in per cent, whose page is among the first so many results. */
const WANTED = {1: 50, 3: 75, 8: 95};
const QUESTIONS = 60;

const read = (name) => JSON.parse(fs.readFileSync(path.join(import.meta.dirname, name), 'utf8'));

/** Where the first page that answers stands, counted from 1; Infinity if it is not among the results. */
function rank(index, {ask, find}) {
  const found = search(index, ask).map(({url}) => url.replace(/\/$/, ''));
  const best = found.findIndex((url) => find.includes(url)) + 1;
  return {ask, find, found, rank: best || Infinity};
}

function main() {
  const at = process.argv.indexOf('--questions');
  const questions = read(at > 0 ? process.argv[at + 1] : 'held-out.json');
  const report = new Report('ranks of held-out questions');
  const file = path.join(buildFolder(), 'search.json');
  if (!fs.existsSync(file)) {
    report.add('the index', [`there is no ${file}`]);
    report.finish();
    return;
  }
  const index = load(fs.readFileSync(file, 'utf8'));
  const known = new Set(index.pages.map(([url]) => url.replace(/\/$/, '')));
  const ranks = questions.map((question) => rank(index, question));
  report.add('enough questions', questions.length < QUESTIONS ? [`${questions.length} of ${QUESTIONS}`] : []);
  for (const {ask, find, found} of ranks) {
    const lost = find.filter((url) => !known.has(url)).map((url) => `there is no page ${url}`);
    report.add(`"${ask}"`, [...lost, ...(found.length ? [] : ['finds nothing'])]);
  }
  for (const [place, wanted] of Object.entries(WANTED)) {
    const good = ranks.filter((each) => each.rank <= place).length;
    const share = (100 * good) / ranks.length;
    console.log(`among the first ${place}: ${good} of ${ranks.length}`);
    const missed = ranks.filter((each) => each.rank > place).map(({ask, found}) => `"${ask}": ${found.slice(0, 3).join(', ')}`);
    report.add(`among the first ${place}: ${share.toFixed(0)} % of ${wanted} %`, share < wanted ? missed : []);
  }
  if (process.argv.includes('--table')) ranks.forEach((each) => console.log(`${each.rank}\t${each.ask}\t${each.found[0]}`));
  report.finish();
}

main();
