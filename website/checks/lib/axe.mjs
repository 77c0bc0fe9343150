/** Accessibility rules, WCAG 2.0 to 2.2 A and AA, and best practice. */

import axe from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Rules whose answer depends on colours. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

const sentence = ({id, impact, help, count, target, html}) =>
  `axe ${id} (${impact}): ${help}; ${count} times, first ${target}: ${html}`;

/** Runs rules inside the page, which keeps them once they were sent; only what a sentence needs comes back. */
async function violations(page, runOnly) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const found = await page.evaluate(async (rules) => {
    const {violations: broken} = await window.axe.run(document, {
      runOnly: rules,
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
  }, runOnly);
  return found.map(sentence);
}

/** All rules. */
export const allRules = (page) => violations(page, {type: 'tag', values: TAGS});

/** Only those that a change of theme can break. */
export const colourRules = (page) => violations(page, {type: 'rule', values: COLOURS});
