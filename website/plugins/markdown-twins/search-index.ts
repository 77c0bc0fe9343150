/** Cuts the Markdown twins into what the search looks through: pages and their sections, with the anchors of the built site. */

import fs from 'node:fs';
import path from 'node:path';
import {build} from '../../src/search/engine.mjs';

export type Source = {file: string; url: string; title: string; section: string; description: string; keywords: string; kind: string; text: string};
type Section = {page: number; anchor: string; heading: string; body: string; start: string};

/** So much of a section is shown below a result. */
const SHOWN = 140;

/** Markdown as words: without link targets, marks and comments. */
const plain = (text: string): string =>
  text
    .replace(/<a id="[^"]*"><\/a>/g, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\s*(`{3,}|~{3,}).*$/gm, ' ')
    .replace(/^\|[\s|:-]+\|$/gm, ' ')
    .replace(/[*`|>#]+/g, ' ')
    .replace(/\\([<>{}_*])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();

const key = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

const ENTITIES: Record<string, string> = {amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'"};

/** The anchors of a built page, by the words of their headings; several of the same words in order. */
function anchors(html: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [, id, inner] of html.matchAll(/<h[2-4][^>]*\bid="?([^"\s>]+)"?[^>]*>(.*?)<a\b[^>]*\bhash-link/gs)) {
    const words = inner.replace(/<[^>]+>/g, '').replace(/&([\w#]+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
    found.set(key(words), [...(found.get(key(words)) ?? []), id]);
  }
  return found;
}

/** The start of a section in whole words, without code and tables. */
function beginning(body: string): string {
  const prose = plain(body.replace(/^(`{3,})[\s\S]*?^\1/gm, ' ').replace(/^\|.*$/gm, ' ').replace(/^import .*$/gm, ''));
  return prose.length <= SHOWN ? prose : `${prose.slice(0, SHOWN).replace(/\s+\S*$/, '')} …`;
}

/** A page's sections; what stands before its first heading belongs to the page alone. */
function sectionsOf(page: number, {text}: Source, ids: Map<string, string[]>): Section[] {
  const found: Section[] = [];
  let fence = '';
  let open: {heading: string; lines: string[]} | undefined;
  const close = (): void => {
    if (!open) return;
    const heading = plain(open.heading);
    const anchor = ids.get(key(heading))?.shift();
    const body = open.lines.join('\n');
    if (anchor) found.push({page, anchor, heading, body: plain(body), start: beginning(body)});
  };
  for (const line of text.split('\n')) {
    const ticks = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (ticks && !fence) fence = ticks;
    else if (ticks && ticks.startsWith(fence)) fence = '';
    const heading = fence ? undefined : /^#{2,4} +(.*)$/.exec(line)?.[1];
    if (heading) {
      close();
      open = {heading, lines: []};
    } else open?.lines.push(line);
  }
  close();
  return found;
}

/** Writes `search.json` into the built site. */
export function writeSearchIndex(outDir: string, baseUrl: string, sources: Source[]): void {
  const sections = sources.flatMap((source, page) => {
    const file = path.join(outDir, source.url.slice(baseUrl.length), 'index.html');
    return sectionsOf(page, source, anchors(fs.readFileSync(file, 'utf8')));
  });
  const pages = sources.map(({url, title, section, description, keywords, kind, text}, page) => ({
    url: url.slice(baseUrl.length - 1),
    title,
    section,
    description,
    keywords,
    kind,
    headings: sections.filter((each) => each.page === page).map(({heading}) => heading).join('. '),
    text: plain(text),
  }));
  fs.writeFileSync(path.join(outDir, 'search.json'), build(pages, sections));
}
