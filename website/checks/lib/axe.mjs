/** Accessibility rules, WCAG 2.0 to 2.2 A and AA, and best practice. */

import axe from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Rules whose answer depends on colours. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

const sentence = ({id, impact, help, count, target, html}) =>
  `axe ${id} (${impact}): ${help}; ${count} times, first ${target}: ${html}`;

/** Runs rules inside the page, which keeps them once they were sent; only what a sentence needs comes back. */
async function violations(page, options, ofEachLook = false) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  if (ofEachLook) await page.evaluate(choose);
  const found = await page.evaluate(async ([given, chosen]) => {
    const include = chosen ? [...document.querySelectorAll('[data-of-its-look]')] : [document.documentElement];
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
  }, [options, ofEachLook]);
  return found.map(sentence);
}

/**
 * Runs in the page. Marks one of all elements that look the same: with the same colours, fonts and lines, on the same
 * backgrounds, inside the same positioned boxes. What a rule about colours says of one, it says of all, and a page has
 * thousands of words of code in a dozen colours.
 */
function choose() {
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
  for (const marked of document.querySelectorAll('[data-of-its-look]')) marked.removeAttribute('data-of-its-look');
  const seen = new Set();
  for (const element of document.body.querySelectorAll('*')) {
    if (!speaks(element) || !shown(element)) continue;
    const look = lookOf(element);
    if (!seen.has(look)) element.setAttribute('data-of-its-look', '');
    seen.add(look);
  }
}

const asAll = {runOnly: {type: 'tag', values: TAGS}};

/** All rules that do not depend on colours, on every element. */
export const shapeRules = (page) =>
  violations(page, {...asAll, rules: Object.fromEntries(COLOURS.map((rule) => [rule, {enabled: false}]))});

/** Those that do, on one element of each look. */
export const colourRules = (page) => violations(page, {runOnly: {type: 'rule', values: COLOURS}}, true);
