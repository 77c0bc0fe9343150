/** A guess at a diagram's drawn size, so that the page keeps a place for it and does not jump when it is drawn. */

type Size = {width: number; height: number};

/** Lines that say something: no directives, comments or empty lines. */
const statements = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('%%') && !/^(acc(Title|Descr)|class(Def)?|style|linkStyle|direction)\b/.test(line));

/** The longest line of a label, in letters. */
const letters = (label: string): number => Math.max(0, ...label.split(/<br ?\/?>/).map((line) => line.trim().length));

function sequence(lines: string[]): Size {
  const people = new Set<string>();
  let gap = 200;
  let height = 190;
  for (const line of lines) {
    const message = /^([\w ]+?)\s*-[-)>x]+\s*[+-]?([\w ]+?)\s*:(.*)/.exec(line);
    const declared = /^(?:participant|actor)\s+(\w+)/.exec(line);
    if (declared) people.add(declared[1]);
    if (message) {
      const [, from, to, text] = message;
      people.add(from).add(to);
      gap = Math.max(gap, letters(text) * 6.7 + 40);
      height += 48 + (from === to ? 30 : 0);
    }
    height += 18 * (line.match(/<br/g) ?? []).length;
    if (/^note\b/i.test(line)) height += 55;
    if (/^(alt|else|loop|opt|par|and|rect|critical)\b/.test(line)) height += 45;
  }
  return {width: Math.round((Math.max(2, people.size) - 1) * gap + 250), height};
}

/** Flow and state diagrams: how many steps deep, how many boxes side by side. */
function graph(lines: string[], sideways: boolean): Size {
  const edges: [string, string][] = [];
  const rank = new Map<string, number>();
  const labels: number[] = [];
  for (const line of lines) {
    const bare = line
      .replace(/\|[^|]*\|/g, '')
      .replace(/(\w)\s*(\[[^\]]*\]+|\{[^}]*\}+|\(+[^)]*\)+)/g, '$1')
      .replace(/--\s+[^->]+\s+--/g, '--');
    labels.push(...[...line.matchAll(/\w[[({]+"?([^\])}|"]+)/g)].map((match) => letters(match[1])));
    const steps = bare.split(/\s*(?:[<ox]?[-=.~]{2,}[->ox.]*>?)\s*/).map((step) => step.split('&').map((name) => name.replace(/:.*$/, '').trim()));
    steps.slice(1).forEach((targets, index) =>
      steps[index].forEach((from) => targets.forEach((to) => from && to && edges.push([from, to]))),
    );
  }
  const names = [...new Set(edges.flat())];
  const roots = names.filter((name) => edges.every(([, to]) => to !== name));
  // Edges back to a box on the way are not followed.
  const place = (name: string, level: number, way: string[]): void => {
    if (way.includes(name) || level <= (rank.get(name) ?? -1)) return;
    rank.set(name, level);
    edges.filter(([from]) => from === name).forEach(([, to]) => place(to, level + 1, [...way, name]));
  };
  (roots.length ? roots : names.slice(0, 1)).forEach((name) => place(name, 0, []));
  const perRank = new Map<number, number>();
  rank.forEach((value) => perRank.set(value, (perRank.get(value) ?? 0) + 1));
  const depth = perRank.size || 1;
  const across = Math.max(1, ...perRank.values());
  const mean = labels.reduce((sum, each) => sum + each, 0) / (labels.length || 1);
  const box = Math.min(230, 60 + mean * 7);
  const decisions = lines.filter((line) => /\w\{/.test(line)).length;
  const named = lines.filter((line) => /\|.+\||--\s.+\s--|:\s/.test(line)).length;
  const along = sideways
    ? depth * (box + 60) + decisions * 40
    : depth * 104 + decisions * 90 + Math.min(named, depth) * 24;
  const size = {along: Math.round(along), across: Math.round(across * (sideways ? 94 : box + 50) + 16)};
  return sideways ? {width: size.along, height: size.across} : {width: size.across, height: size.along};
}

export function estimate(text: string): Size {
  const [kind = '', ...lines] = statements(text);
  if (/^sequence/.test(kind)) return sequence(lines);
  return graph(lines, /\b(LR|RL)\b/.test(kind));
}
