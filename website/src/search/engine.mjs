/**
 * The search: MiniSearch over pages and their sections. The site's build makes the index, the reader's browser and the
 * check that measures ranks ask it; all of them with these settings.
 *
 * A page counts by its whole text, its title, its description, its headings and its keywords; the best of its sections
 * adds to that and is where the reader is sent.
 */

import MiniSearch from 'minisearch';
import groups from './synonyms.json' with {type: 'json'};
import {asked, cut, stem, table, term} from './words.mjs';

const PAGE = {title: 4, keywords: 3, description: 2.5, headings: 2, text: 1};
const SECTION = {heading: 3, body: 1};
/** A word of the same meaning counts for so much; the more of them there are, the less each. */
const SAME_MEANING = 0.35;
/** A word that a word of the question begins counts for so much: a list of model names has dozens of them. */
const BEGINNING = 0.25;
const COVERAGE = 0.5;
const SECTION_WEIGHT = 0.5;
const PLACES = 3;
/** Lists of everything have every word; a page about the matter comes before them. */
const LIST_WEIGHT = 0.7;
const BM25 = {k: 1.2, b: 0.7, d: 0};

const OPTIONS = {
  fields: [...Object.keys(PAGE), ...Object.keys(SECTION)],
  storeFields: [],
  tokenize: cut,
  processTerm: term,
};

const SAME = table(groups);

/** The index as JSON: MiniSearch's own, and what is shown of pages and sections. */
export function build(pages, sections) {
  const index = new MiniSearch(OPTIONS);
  index.addAll(pages.map((page, at) => ({...page, id: `p${at}`})));
  index.addAll(sections.map(({heading, body}, at) => ({heading, body, id: `s${at}`})));
  return JSON.stringify({
    pages: pages.map(({url, title, section, description, kind}) => [url, title, section, description, kind]),
    sections: sections.map(({page, anchor, heading, start}) => [page, anchor, heading, start]),
    index,
  });
}

/** Makes the index usable. */
export function load(text) {
  const {pages, sections, index} = JSON.parse(text);
  return {pages, sections, index: MiniSearch.loadJS(index, OPTIONS)};
}

/** Short words are not guessed at; the last word may be unfinished. */
const guess = (word) => (word.length > 4 && !/\d/.test(word) ? 0.2 : false);

function query(words, boost, last) {
  const own = words.map((word) => ({
    queries: [word],
    fuzzy: guess,
    prefix: (each) => word === last || each.length > 4,
    weights: {fuzzy: 0.3, prefix: BEGINNING},
  }));
  const weights = new Map();
  for (const others of words.map((word) => [...(SAME.get(stem(word)) ?? [])])) {
    for (const other of others) weights.set(other, Math.max(weights.get(other) ?? 0, SAME_MEANING / Math.sqrt(others.length)));
  }
  words.forEach((word) => weights.delete(stem(word)));
  const others = [...weights.keys()];
  const same = {queries: others, fuzzy: false, prefix: false, boostTerm: (each) => weights.get(each) ?? 0};
  return [{combineWith: 'OR', queries: others.length ? [...own, same] : own}, {boost, fields: Object.keys(boost), bm25: BM25}];
}

/** How much of the question a result has, as it is (1) or by meaning (0.6); a rare word counts more than a common one. */
function coverage(words, results) {
  const has = results.map(({queryTerms}) => new Set(queryTerms));
  const others = words.map((word) => [...(SAME.get(stem(word)) ?? [])]);
  const rarity = words.map((word) => Math.log(1 + has.length / (1 + has.filter((each) => each.has(stem(word))).length)));
  const whole = rarity.reduce((sum, each) => sum + each, 0) || 1;
  const level = (each, at) => (each.has(stem(words[at])) ? 1 : others[at].some((other) => each.has(other)) ? 0.6 : 0);
  return has.map((each) => rarity.reduce((sum, weight, at) => sum + weight * level(each, at), 0) / whole);
}

/**
 * The pages that answer a question, best first, each with the sections that do.
 */
export function search({pages, sections, index}, question, most = 8) {
  const words = asked(question);
  if (!words.length) return [];
  const last = words[words.length - 1];
  const scores = new Map();
  const places = new Map();
  const ask = (boost, kind) => {
    const results = index.search(...query(words, boost, last)).filter(({id}) => id[0] === kind);
    const covered = coverage(words, results);
    return results.map(({id, score}, at) => [Number(id.slice(1)), score * (1 - COVERAGE + COVERAGE * covered[at])]);
  };
  for (const [at, score] of ask(PAGE, 'p')) scores.set(at, score);
  for (const [at, score] of ask(SECTION, 's').sort((a, b) => b[1] - a[1])) {
    const page = sections[at][0];
    if (!places.has(page)) scores.set(page, (scores.get(page) ?? 0) + SECTION_WEIGHT * score);
    places.set(page, [...(places.get(page) ?? []), at]);
  }
  return [...scores]
    .map(([at, score]) => [at, pages[at][4] === 'reference' ? LIST_WEIGHT * score : score])
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([at, score]) => {
      const [url, title, section, description] = pages[at];
      const best = (places.get(at) ?? []).slice(0, PLACES).map((each) => {
        const [, anchor, heading, start] = sections[each];
        return {anchor, heading, start};
      });
      return {url, title, section, description, score, places: best};
    });
}
