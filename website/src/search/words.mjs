/** Words as the search sees them: cut, lower case, without common endings, and with the words that mean the same. */

/** Words that nearly every question and nearly every page has. */
const STOP = new Set(
  `a about all also always am an and any are as at be been but by can come could did do does for from get had has have
  how i if in into is it its just let like make may me my of or our please should since so some that the their them then
  there these they this to up use using want was way we were what when where which who why will with would you your`
    .split(/\s+/),
);

const PARTS = /[\p{L}\p{N}]+/gu;
const WHOLE = /[\p{L}\p{N}]+(?:[_.-][\p{L}\p{N}]+)+/gu;
const LONGEST = 40;

/** The words of a text; `enable_rate_limit` counts whole and in its parts. */
export function cut(text) {
  const lower = text.toLowerCase().replace(/['’]s\b/g, '').replace(/['’]/g, '');
  return [...(lower.match(PARTS) ?? []), ...(lower.match(WHOLE) ?? [])].filter((word) => word.length <= LONGEST);
}

/** A word without its ending: "installing", "installed" and "installs" become one. Identifiers stay as they are. */
export function stem(word) {
  if (word.length < 4 || /[\d_.-]/.test(word)) return word;
  let base = word.replace(/(ss|us|is)$|(?<=[a-z]{2})ies$|(?<=(?:ch|sh|x|z|ss))es$|(?<=[a-z]{2})s$/, (end) =>
    /^(ss|us|is)$/.test(end) ? end : end === 'ies' ? 'y' : '',
  );
  const cutOff = base.replace(/(?<=[aeiouy][a-z]*[a-z])(ation|ing|ed|er)$/, '');
  if (cutOff !== base && cutOff.length >= 3) base = cutOff.replace(/([b-df-hj-km-np-rtv-z])\1$/, '$1');
  return base.length > 3 ? base.replace(/e$/, '') : base;
}

/** What MiniSearch keeps of a word; null leaves it out. */
export const term = (word) => (word.length < 2 && !/\d/.test(word) ? null : stem(word));

/** The words of a question that say something; all of them if none does. */
export function asked(question) {
  const words = [...new Set(cut(question))];
  const telling = words.filter((word) => !STOP.has(word) && term(word));
  return telling.length ? telling : words;
}

/** For each word, after its ending is off: the others that mean the same. */
export function table(groups) {
  const same = new Map();
  for (const group of groups.map((words) => words.map(stem))) {
    for (const word of group) same.set(word, new Set([...(same.get(word) ?? []), ...group].filter((each) => each !== word)));
  }
  return same;
}
