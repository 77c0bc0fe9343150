/** A page's MDX source as plain Markdown: components are replaced by what they show, everything else is kept as written. */

import remarkFrontmatter from 'remark-frontmatter';
import remarkGfm from 'remark-gfm';
import remarkMdx from 'remark-mdx';
import remarkParse from 'remark-parse';
import {unified} from 'unified';
import {visit} from 'unist-util-visit';

type Attribute = {name?: string; value?: unknown};
type Node = {
  type: string;
  name?: string | null;
  url?: string;
  value?: string;
  attributes?: Attribute[];
  children?: Node[];
  position?: {start: {offset?: number}; end: {offset?: number}};
};

/** What the converter must know of the site. */
export type Lookup = {
  /** A link as written on this page -> the address to print. */
  link: (url: string) => string;
  /** Text of a template, transcript of a recording, value of a fact; each throws on an unknown name. */
  template: (name: string) => string;
  transcript: (name: string) => string;
  /** What a film shows. */
  film: (name: string) => string;
  fact: (name: string) => string;
  install: (name: string) => string;
  gallery: () => string;
};

const parser = unified().use(remarkParse).use(remarkMdx).use(remarkGfm).use(remarkFrontmatter);

const attributes = (node: Node): Record<string, string> =>
  Object.fromEntries((node.attributes ?? []).map(({name, value}) => [name, typeof value === 'string' ? value : '']));

/** A fence that its own text cannot close. */
function fence(language: string, text: string): string {
  const longest = Math.max(2, ...(text.match(/`{3,}/g) ?? []).map((run) => run.length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${text.trimEnd()}\n${ticks}`;
}

/** The opening of a fence without the classes by which the handbook checks it; what MassGen refuses is said. */
function plainFence(line: string): string {
  const [, opening, rest] = /^(\s*(?:`{3,}|~{3,})[\w+-]*)(.*)$/.exec(line) ?? ['', line, ''];
  const title = / title="[^"]*"/.exec(rest)?.[0] ?? '';
  const refused = /\bmassgen-invalid="([^"]*)"/.exec(rest)?.[1];
  return `${opening}${title}${refused ? ` (MassGen refuses this: ${refused})` : ''}`;
}

/** Admonitions as a bold label: `:::warning[Title]` -> `**Warning: Title**`. Fences are left alone. */
function admonitions(text: string): string {
  let open = '';
  const lines = text.split('\n').map((line) => {
    const ticks = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (ticks && !open) {
      open = ticks;
      return plainFence(line);
    }
    if (ticks && line.trim() === ticks && ticks.startsWith(open)) open = '';
    if (open || ticks) return line;
    if (/^\s*:{3,}\s*$/.test(line)) return '';
    return line.replace(/^\s*:{3,}([a-z]+)(?:\[(.*)\])?\s*$/, (_, kind: string, title?: string) => {
      const label = kind[0].toUpperCase() + kind.slice(1);
      return `**${label}${title ? `: ${title}` : ''}**\n`;
    });
  });
  return lines.join('\n');
}

export function toMarkdown(source: string, lookup: Lookup): string {
  const edits: {start: number; end: number; text: string}[] = [];
  const offsets = (node: Node): [number, number] => [node.position!.start.offset!, node.position!.end.offset!];
  const replace = (node: Node, text: string): 'skip' => {
    const [start, end] = offsets(node);
    edits.push({start, end, text});
    return 'skip';
  };
  /** Keeps a component's children and replaces its tags. */
  const unwrap = (node: Node, before = '', after = ''): void => {
    const [start, end] = offsets(node);
    const children = node.children ?? [];
    if (!children.length) return void edits.push({start, end, text: before + after});
    edits.push({start, end: offsets(children[0])[0], text: before});
    edits.push({start: offsets(children[children.length - 1])[1], end, text: after});
  };
  const component: Record<string, (node: Node, given: Record<string, string>) => 'skip' | void> = {
    Template: (node, {name}) => replace(node, fence(`yaml title="${name}.yaml"`, lookup.template(name))),
    Recording: (node, {name, title}) =>
      replace(node, `**Recording: ${title || name}**\n\n${fence('text', lookup.transcript(name))}`),
    Film: (node, {name}) => {
      const file = (ending: string): string => lookup.link(`/films/${name}.${ending}`);
      return replace(node, `**Film: ${lookup.film(name)}** ([mp4](${file('mp4')}), [transcript](${file('txt')}))`);
    },
    Fact: (node, {name}) => replace(node, lookup.fact(name)),
    Filter: (node) => replace(node, ''),
    Gallery: (node) => replace(node, lookup.gallery()),
    Install: (node, {name}) => replace(node, fence('bash', lookup.install(name))),
    Figure: (node, {src, alt, caption}) =>
      replace(node, `![${alt}](${lookup.link(src)})${caption ? `\n\n*${caption}*` : ''}`),
    TabItem: (node, {label, value}) => unwrap(node, `**${label || value}**\n\n`, '\n'),
    summary: (node) => unwrap(node, '**', '**'),
    br: (node) => replace(node, ' '),
  };
  visit(parser.parse(source) as never, (node: Node) => {
    if (node.type === 'yaml' || node.type === 'mdxjsEsm') return replace(node, '');
    if (/^mdx(Flow|Text)Expression$/.test(node.type)) {
      const id = /^\s*\/\*\s*#([\w-]+)\s*\*\/\s*$/.exec(node.value ?? '')?.[1];
      if (id) return replace(node, `<a id="${id}"></a>`);
      return replace(node, /^\s*\/\*[\s\S]*\*\/\s*$/.test(node.value ?? '') ? '' : evaluate(node.value ?? ''));
    }
    if (/^mdxJsx(Flow|Text)Element$/.test(node.type)) {
      return node.name && component[node.name] ? component[node.name](node, attributes(node)) : unwrap(node);
    }
    if (/^(link|image|definition)$/.test(node.type) && node.url) {
      const [start, end] = offsets(node);
      const at = source.lastIndexOf(node.url, end);
      if (at >= start && lookup.link(node.url) !== node.url) {
        edits.push({start: at, end: at + node.url.length, text: lookup.link(node.url)});
      }
    }
    return undefined;
  });
  edits.sort((a, b) => b.start - a.start || b.end - a.end);
  const text = edits.reduce((all, {start, end, text: by}) => all.slice(0, start) + by + all.slice(end), source);
  return `${admonitions(text).replace(/[ \t]+$/gm, '').replace(/\n{3,}/g, '\n\n').trim()}\n`;
}

/** The text of a literal such as {'<'} or {" "}; anything else has no plain text. */
function evaluate(expression: string): string {
  const literal = /^\s*(["'`])(.*)\1\s*$/s.exec(expression);
  return literal ? literal[2] : '';
}
