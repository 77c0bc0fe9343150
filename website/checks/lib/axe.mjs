/** Accessibility rules, WCAG 2.0 to 2.2 A and AA, and best practice. */

import axe from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Rules whose answer depends on colours. */
const COLOURS = ['color-contrast', 'link-in-text-block'];
/** Rules whose answer depends on the places and sizes of elements; that of the others only on which are shown. */
const PLACES = ['scrollable-region-focusable', 'target-size'];

const sentence = ({id, impact, help, count, target, html}) =>
  `axe ${id} (${impact}): ${help}; ${count} times, first ${target}: ${html}`;

/**
 * Runs rules inside the page, which keeps them once they were sent; only what a sentence needs comes back. `chosen`:
 * numbers of elements that `looks` found; without it, all elements.
 */
async function violations(page, options, chosen = undefined) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const found = await page.evaluate(async ([given, numbers]) => {
    const include = numbers ? numbers.map((number) => window.ofEachLook[number]) : [document.documentElement];
    const {violations: broken} = await window.axe.run({include}, {
      ...given,
      resultTypes: ['violations'],
      iframes: false,
      elementRef: false,
    });
    return broken.map(({id, impact, help, nodes}) => ({
      id,
      impact,
      help,
      count: nodes.length,
      target: nodes[0].target.join(' '),
      html: nodes[0].html.slice(0, 160),
    }));
  }, [options, chosen]);
  return found.map(sentence);
}

/**
 * Runs in the page. Its looks, and `ofEachLook`: one of all elements that look the same, with the same colours, fonts
 * and lines, on the same backgrounds, inside the same positioned boxes. What a rule about colours says of one, it says
 * of all, and a page has thousands of words of code in a dozen colours.
 */
function looks() {
  const grounds = new Map();
  const groundOf = (element) => {
    if (!element) return '';
    if (!grounds.has(element)) {
      const {backgroundColor, backgroundImage, opacity, filter, mixBlendMode, position} = getComputedStyle(element);
      const own = [backgroundColor, backgroundImage, opacity, filter, mixBlendMode, position].join();
      const plain = own === 'rgba(0, 0, 0, 0),none,1,none,normal,static';
      grounds.set(element, groundOf(element.parentElement) + (plain ? '' : `/${own}`));
    }
    return grounds.get(element);
  };
  const lookOf = (element) => {
    const own = getComputedStyle(element);
    const around = getComputedStyle(element.parentElement ?? element);
    const text = [own.color, own.fontSize, own.fontWeight, own.textShadow, own.textDecorationLine, own.borderBottom];
    return [element.tagName, ...text, around.color, around.fontWeight, groundOf(element)].join('|');
  };
  // Of a single letter axe does not judge, so it cannot speak for others.
  const speaks = (element) =>
    ['INPUT', 'TEXTAREA', 'SELECT'].includes(element.tagName) ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim().length > 1);
  const shown = (element) => element.checkVisibility({visibilityProperty: true}) && element.getClientRects().length > 0;
  const found = new Map();
  for (const element of document.body.querySelectorAll('*')) {
    if (!speaks(element) || !shown(element)) continue;
    const look = lookOf(element);
    if (!found.has(look)) found.set(look, element);
  }
  window.ofEachLook = [...found.values()];
  return [...found.keys()];
}

const asAll = {runOnly: {type: 'tag', values: TAGS}};

/** All rules that do not depend on colours, on every element. */
export const shapeRules = (page) =>
  violations(page, {...asAll, rules: Object.fromEntries(COLOURS.map((rule) => [rule, {enabled: false}]))});

/** Those of them whose answer depends on where things are. */
export const placeRules = (page) => violations(page, {runOnly: {type: 'rule', values: PLACES}});

/** Looks of which the rules about colours had nothing to say, on any page so far. */
const good = new Set();

/** Those that do, on one element of each look that was not found good on another page, or in another width. */
export async function colourRules(page) {
  const all = await page.evaluate(looks);
  const unknown = all.flatMap((look, number) => (good.has(look) ? [] : [number]));
  if (unknown.length === 0) return [];
  const found = await violations(page, {runOnly: {type: 'rule', values: COLOURS}}, unknown);
  if (found.length === 0) unknown.forEach((number) => good.add(all[number]));
  return found;
}
