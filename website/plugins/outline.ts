/** The sections of the handbook and the order of their pages: menus, twins, bundles and llms.txt follow it. */

import fs from 'node:fs';
import path from 'node:path';
import matter from 'gray-matter';

/**
 * One section: its address, its names in menus and in the bar, one sentence for its own page, the pages that it lists in
 * order, and the folders whose other pages are its own. A page's address is its folder's and does not change when the
 * page moves to another section.
 */
export type Section = {
  slug: string;
  label: string;
  short: string;
  description: string;
  folders: string[];
  pages: string[];
  former?: string[];
};

/** One page's front matter, as far as the site reads it. */
export type FrontMatter = {
  title?: string;
  description?: string;
  kind?: string;
  owner?: string;
  checked?: string | number;
  verified?: string[];
  aliases?: string[];
};

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

export const SECTIONS: Section[] = [
  {
    slug: 'start',
    label: 'Get started',
    short: 'Get started',
    description: 'Understand what a team of agents does, then run one agent and a team of three yourself.',
    folders: ['start'],
    pages: words('start/how-agents-agree start/first-run start/first-team start/interface start/glossary'),
  },
  {
    slug: 'set-up',
    label: 'Set up',
    short: 'Set up',
    description: 'Install MassGen on your system, get a key and put it where MassGen finds it, or do without one.',
    folders: ['install', 'keys'],
    pages: words(`install/requirements install/linux-macos install/windows-wsl install/docker install/ci-environments
      install/corporate-networks install/upgrade keys/get-a-key keys/where-keys-are-read keys/keep-keys-safe
      keys/local-and-keyless`),
    former: ['install', 'keys'],
  },
  {
    slug: 'build',
    label: 'Build a team',
    short: 'Build',
    description: 'Write a configuration, choose models, and decide how agents vote, split the work and come to an end.',
    folders: ['backends', 'configure', 'coordinate'],
    pages: words(`configure/anatomy configure/validate configure/patterns configure/selection-and-sharing
      backends/pick-a-model backends/hosted-apis backends/openai-compatible backends/cli-agents coordinate/voting
      coordinate/decomposition-and-subagents coordinate/diversity coordinate/checklists-and-criteria
      coordinate/plan-first coordinate/steering coordinate/finals-and-timeouts`),
    former: ['backends', 'configure', 'coordinate'],
  },
  {
    slug: 'tools',
    label: 'Tools and data',
    short: 'Tools',
    description: 'Give agents tools, files, code execution, memory and media, with the guard each of them needs.',
    folders: ['tools'],
    pages: words(`tools/which-tool tools/mcp tools/custom-python tools/files-and-workspaces tools/code-execution
      tools/skills-hooks-checkpoints tools/memory-and-sessions tools/multimodal-and-computer-use`),
  },
  {
    slug: 'limits',
    label: 'Limits and cost',
    short: 'Limits',
    description: 'Keep a team inside its provider’s quota with one line of YAML, and know what a run costs in time and money.',
    folders: ['limits'],
    pages: words(`limits/what-massgen-does limits/quick-start operate/speed-and-cost operate/performance
      limits/how-it-works limits/choosing-a-tier limits/many-processes-and-machines limits/profiles limits/steer limits/budgets limits/cost limits/model-prices limits/commands
      limits/see-what-waits limits/events-and-metrics limits/hooks limits/errors limits/write-a-provider limits/measured limits/fleet`),
  },
  {
    slug: 'run',
    label: 'Run and integrate',
    short: 'Run',
    description: 'Run MassGen from scripts, CI, Python, other frameworks and coding agents, and look into every run.',
    folders: ['operate', 'integrate'],
    pages: words(`operate/automation operate/observe operate/web-interface operate/serve-and-share
      operate/security-checklist operate/rules-for-your-team integrate/python-api integrate/frameworks integrate/coding-agents`),
    former: ['operate', 'integrate'],
  },
  {
    slug: 'examples',
    label: 'Examples',
    short: 'Examples',
    description: 'Templates to download, worked examples and case studies to repeat, and recordings to watch.',
    folders: ['learn'],
    pages: words(`learn/gallery configure/templates configure/shipped-examples learn/worked-examples
      learn/task-measurements learn/task-release-notes learn/tour
      learn/recordings learn/case-studies`),
    former: ['learn'],
  },
  {
    slug: 'fix',
    label: 'Fix',
    short: 'Fix',
    description: 'Find the message you see, what it means and what fixes it.',
    folders: ['fix'],
    pages: words('fix/first-day-problems fix/troubleshooting fix/known-traps'),
  },
  {
    slug: 'reference',
    label: 'Reference',
    short: 'Reference',
    description: 'Every flag, key, variable, backend, file, exit code and class of the plugin, generated from what is installed.',
    folders: ['reference'],
    pages: words(`reference/cli reference/yaml-keys keys/environment-variables backends/all-backends
      reference/files-and-exit-codes reference/plugin-api reference/versions`),
  },
  {
    slug: 'contribute',
    label: 'Contribute',
    short: 'Contribute',
    description: 'How this project works together: each rule with its reason, its owner and its check, and guides for writers.',
    folders: ['policies'],
    pages: words(`policies/overview policies/write-a-page learn/case-study-template policies/pull-requests
      policies/reviews policies/case-studies policies/research-conduct policies/releases policies/documentation policies/handbook-measured
      policies/security-and-incidents policies/keys-and-cost`),
    former: ['policies'],
  },
];

const isPage = (name: string): boolean => /^[^_].*\.mdx?$/.test(name);

const LISTED = new Set(SECTIONS.flatMap(({pages}) => pages));

/** The ids ("folder/page") of a section's pages that exist: the listed ones in order, then others of its folders by name. */
export function pageIds(docsDir: string, section: Section): string[] {
  const listed = section.pages.filter((id) => fs.existsSync(pageFile(docsDir, id)));
  const others = section.folders.flatMap((name) => {
    const folder = path.join(docsDir, name);
    const found = fs.existsSync(folder) ? fs.readdirSync(folder).filter(isPage).sort() : [];
    return found.map((file) => `${name}/${file.replace(/\.mdx?$/, '')}`);
  });
  return [...listed, ...others.filter((id) => !LISTED.has(id))];
}

/** The file of a page id, .mdx before .md. */
export function pageFile(docsDir: string, id: string): string {
  const mdx = path.join(docsDir, `${id}.mdx`);
  return fs.existsSync(mdx) ? mdx : path.join(docsDir, `${id}.md`);
}

/** Redirects from the front matter's `aliases` of every page, and from former sections. */
export function redirects(docsDir: string): {from: string; to: string}[] {
  const pages = SECTIONS.flatMap((section) => pageIds(docsDir, section)).flatMap((id) => {
    const {data} = matter(fs.readFileSync(pageFile(docsDir, id), 'utf8'));
    return ((data as FrontMatter).aliases ?? []).map((from) => ({from, to: `/${id}`}));
  });
  const sections = SECTIONS.flatMap(({slug, former}) => (former ?? []).map((name) => ({from: `/${name}`, to: `/${slug}`})));
  return [...pages, ...sections];
}

/** Matches the addresses of a section and its pages. */
export function addresses(docsDir: string, section: Section): string {
  return `/(${[section.slug, ...pageIds(docsDir, section)].join('|')})/?$`;
}

/** Whether a URL path of this site has its page yet: used where the theme links to pages. */
export function exists(docsDir: string, url: string): boolean {
  const id = url.replace(/^\/|[#?].*$/g, '');
  const section = SECTIONS.find(({slug}) => slug === id);
  return section ? pageIds(docsDir, section).length > 0 : fs.existsSync(pageFile(docsDir, id));
}
