/** A guess at a diagram's drawn size, so that the page keeps a place for it and does not jump when it is drawn. */

type Size = {width: number; height: number};

/** Lines that say something: no directives, comments or empty lines. */
const statements = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('%%') && !/^(acc(Title|Descr)|class(Def)?|style|linkStyle|direction)\b/.test(line));

function sequence(lines: string[]): Size {
  const people = new Set<string>();
  let height = 190;
  for (const line of lines) {
    const message = /^([\w ]+?)\s*-[-)>x]+\s*[+-]?([\w ]+?)\s*:/.exec(line);
    const declared = /^(?:participant|actor)\s+(\w+)/.exec(line);
    if (declared) people.add(declared[1]);
    if (message) message.slice(1).forEach((name) => people.add(name.trim()));
    if (message) height += /<br/.test(line) ? 66 : 48;
    if (/^(note)\b/i.test(line)) height += 60;
    if (/^(alt|else|loop|opt|par|and|rect|critical)\b/.test(line)) height += 45;
  }
  return {width: Math.max(2, people.size) * 200 + 50, height};
}

/** Flow and state diagrams: how many steps deep, how many boxes side by side. */
function graph(lines: string[], sideways: boolean): Size {
  const edges: [string, string][] = [];
  const rank = new Map<string, number>();
  let label = 0;
  for (const line of lines) {
    const bare = line
      .replace(/\|[^|]*\|/g, '')
      .replace(/(\w)\s*(\[[^\]]*\]+|\{[^}]*\}+|\(+[^)]*\)+)/g, '$1')
      .replace(/--\s+[^->]+\s+--/g, '--');
    label = Math.max(label, ...[...line.matchAll(/[[({|]+"?([^\])}|"]+)/g)].map((match) => match[1].length));
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
  const box = Math.min(230, 60 + label * 7);
  return sideways
    ? {width: depth * (box + 70), height: across * 94 + 16}
    : {width: across * (box + 50), height: depth * 114};
}

export function estimate(text: string): Size {
  const [kind = '', ...lines] = statements(text);
  if (/^sequence/.test(kind)) return sequence(lines);
  return graph(lines, /\b(LR|RL)\b/.test(kind));
}
