/** Accessibility rules, WCAG 2.0 to 2.2 A and AA, and best practice. */

import axe from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Rules whose answer depends on colours. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

const sentence = ({id, impact, help, count, target, html}) =>
  `axe ${id} (${impact}): ${help}; ${count} times, first ${target}: ${html}`;

/** Runs rules inside the page, which keeps them once they were sent; only what a sentence needs comes back. */
async function violations(page, options, exclude = []) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const found = await page.evaluate(async ([given, without]) => {
    const {violations: broken} = await window.axe.run({include: [['html']], exclude: without.map((one) => [one])}, {
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
  }, [options, exclude]);
  return found.map(sentence);
}

/** A page's own text: its colours are the same however wide the window is. */
const TEXT = '.theme-doc-markdown';
const asAll = {runOnly: {type: 'tag', values: TAGS}};

/** All rules. */
export const allRules = (page) => violations(page, asAll);

/** Those that do not depend on colours. */
export const shapeRules = (page) =>
  violations(page, {...asAll, rules: Object.fromEntries(COLOURS.map((rule) => [rule, {enabled: false}]))});

/** Those that a change of theme can break. */
export const colourRules = (page) => violations(page, {runOnly: {type: 'rule', values: COLOURS}});

/** The same for what stands around the text, which looks different in a narrow window. */
export const frameColourRules = (page) => violations(page, {runOnly: {type: 'rule', values: COLOURS}}, [TEXT]);
