/**
 * Writes for every page of the built site a Markdown twin (`/section/page.md`), and `llms.txt` (all pages with what
 * each is good for), `llms-full.txt` (all current pages in one file) and `robots.txt`.
 *
 * Links in the twins are absolute paths of the site; when SITE_URL is set, whole addresses.
 */

import fs from 'node:fs';
import path from 'node:path';
import type {LoadContext, Plugin} from '@docusaurus/types';
import type {LoadedContent} from '@docusaurus/plugin-content-docs';
import gallery from '../../src/data/gallery.json';
import home from '../../src/data/home.json';
import installs from '../../src/data/install.json';
import {SECTIONS, pageIds} from '../outline';
import {dataRoot} from '../remark-handbook';
import {instructions} from './instructions';
import {toMarkdown} from './convert';
import {writeSearchIndex, type Source} from './search-index';

type Page = {id: string; file: string; url: string; title: string; description: string; current: boolean; checked: string; keywords: string; kind: string};

export default function markdownTwins({siteDir, siteConfig, baseUrl}: LoadContext): Plugin {
  const origin = process.env.SITE_URL ? siteConfig.url : '';
  const draft = siteConfig.customFields?.draft === true;
  let pages: Page[] = [];

  const read = (relative: string, missing: string): string => {
    const file = path.join(siteDir, relative);
    if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8');
    if (draft) return missing;
    throw new Error(`A page needs the file website/${relative}, which does not exist.`);
  };

  /** A link as written -> an address that works from anywhere on the site. */
  const address = (page: Page, url: string): string => {
    if (url.startsWith('#')) return `${origin}${page.url.replace(/\/$/, '.md')}${url}`;
    if (/^[a-z]+:/i.test(url)) return url.replace(/^pathname:\/\//, origin);
    const [target, hash = ''] = url.split(/(?=#)/);
    const absolute = target.startsWith('/') ? target : path.posix.join('/', path.posix.dirname(page.id), target);
    const version = /version-([^/\\]+)/.exec(page.file)?.[1];
    const known = [version ? `${version}${absolute}` : '', absolute.slice(1)]
      .map((id) => id.replace(/\.mdx?$|\/$/g, ''))
      .map((id) => pages.find((each) => each.url === `${baseUrl}${id}/`)?.url);
    const twinOf = known.find(Boolean);
    return `${origin}${twinOf ? twinOf.replace(/\/$/, '.md') : baseUrl + absolute.slice(1)}${hash}`;
  };

  const convert = (page: Page): string => {
    const {root} = dataRoot(page.file);
    const facts = JSON.parse(read(root === 'static' ? 'facts.json' : `${root}/facts.json`, '{}')) as Record<string, unknown>;
    const body = toMarkdown(fs.readFileSync(page.file, 'utf8'), {
      link: (url) => address(page, url),
      template: (name) => read(`${root}/templates/${name}.yaml`, `# ${name}.yaml`),
      transcript: (name) => read(`${root}/recordings/${name}.txt`, `${name}: not recorded yet`),
      film: (name) => (JSON.parse(read(`${root}/films/${name}.json`, '{}')) as {title?: string}).title ?? name,
      fact: (name) => {
        if (!(name in facts) && !draft) throw new Error(`${page.file}: <Fact name="${name}"> is not in facts.json.`);
        return String(facts[name] ?? `«${name}»`);
      },
      gallery: () =>
        gallery
          .filter(({kind}) => kind !== 'shipped')
          .map(({kind, name, to, text}) => `- ${kind}: [${name}](${address(page, to)}). ${text}`)
          .join('\n'),
      install: (name) => {
        const line = (installs as Record<string, {commands: string[]}>)[name];
        if (!line) throw new Error(`${page.file}: <Install name="${name}"> is not in src/data/install.json.`);
        return line.commands.join('\n');
      },
    });
    const about = `> ${page.description} (Checked against MassGen ${page.checked}; ${origin}${page.url})`;
    return `# ${page.title}\n\n${about}\n\n${body}`;
  };

  const twin = (page: Page): string => `${page.url.slice(baseUrl.length).replace(/\/$/, '')}.md`;
  const entry = (page: Page): string => `- [${page.title}](${origin}${baseUrl}${twin(page)}): ${page.description}`;

  const homePage = (): string => {
    const link = (to: string): string => `${origin}${baseUrl}${to.slice(1)}.md`;
    const doors = home.doors.map((door) => `- [${door.title}](${link(door.to)}): ${door.text}`);
    const site = siteConfig.url + baseUrl;
    const ways = home.ways.map(
      ({title, text, commands}) => `### ${title}\n\n${text}\n\n\`\`\`bash\n${commands.join('\n').replaceAll('{site}', site)}\n\`\`\``,
    );
    const more = home.answerLinks.map(({text, to}) => `- [${text}](${link(to)})`).join('\n');
    const answer = [`## ${home.answerTitle}`, home.answerBefore, ...ways, home.answerAfter, more];
    const goals = home.goals.map(({goal, page, to, template}) => {
      const file = template ? `[${template}.yaml](${origin}${baseUrl}templates/${template}.yaml)` : '';
      return `| ${goal} | [${page}](${link(to)}) | ${file} |`;
    });
    const table = ['| You want to | Page | Template |', '| --- | --- | --- |', ...goals];
    return [`# ${home.title}`, home.sentence, ...answer, doors.join('\n'), `## ${home.goalsTitle}`, table.join('\n')].join('\n\n');
  };

  return {
    name: 'markdown-twins',

    async allContentLoaded({allContent}) {
      const docs = allContent['docusaurus-plugin-content-docs']?.default as LoadedContent | undefined;
      pages = (docs?.loadedVersions ?? []).flatMap((version) =>
        version.docs.map((doc) => ({
          id: doc.id,
          file: doc.source.replace(/^@site/, siteDir),
          url: doc.permalink.endsWith('/') ? doc.permalink : `${doc.permalink}/`,
          title: doc.title,
          description: doc.description,
          current: version.versionName === 'current',
          checked: String((doc.frontMatter as {checked?: unknown}).checked ?? 'unknown'),
          kind: String((doc.frontMatter as {kind?: unknown}).kind ?? ''),
          keywords: ((doc.frontMatter as {keywords?: string[]}).keywords ?? []).join('. '),
        })),
      );
    },

    async postBuild({outDir}) {
      const write = (name: string, text: string): void => {
        const file = path.join(outDir, name);
        fs.mkdirSync(path.dirname(file), {recursive: true});
        fs.writeFileSync(file, `${text.trimEnd()}\n`);
      };
      const texts = new Map(pages.map((page) => [page, convert(page)]));
      texts.forEach((text, page) => write(twin(page), text));
      write('index.md', homePage());

      const short = [`# ${siteConfig.title}`, `> ${home.sentence}`, instructions(origin + baseUrl)];
      const full = [homePage()];
      const searched: Source[] = [];
      for (const section of SECTIONS) {
        const own = pageIds(path.join(siteDir, 'docs'), section)
          .map((id) => pages.find((page) => page.current && page.id === id))
          .filter((page) => page !== undefined);
        if (!own.length) continue;
        const list = own.map(entry).join('\n');
        short.push(`## ${section.label}`, `${section.description} All of it in one file: ${origin}${baseUrl}llms-${section.slug}.txt`, list);
        full.push(...own.map((page) => texts.get(page)!));
        searched.push(...own.map((page) => ({...page, section: section.label, text: texts.get(page)!})));
        const whole = own.map((page) => texts.get(page)!);
        write(`llms-${section.slug}.txt`, [`# ${section.label}`, section.description, ...whole].join('\n\n'));
        write(`${section.slug}.md`, `# ${section.label}\n\n${section.description}\n\n${list}`);
      }
      write('llms.txt', short.join('\n\n'));
      write('llms-full.txt', full.join('\n\n---\n\n'));
      writeSearchIndex(outDir, baseUrl, searched);
      write('robots.txt', `User-agent: *\nAllow: /\nSitemap: ${siteConfig.url}${baseUrl}sitemap.xml`);
    },
  };
}
