/** The sections of the handbook and the order of their pages: the sidebar, the twins and llms.txt follow it. */

import fs from 'node:fs';
import path from 'node:path';
import matter from 'gray-matter';

/** One section: its folder under docs/, its name in menus, one sentence for its own page, its pages in order. */
export type Section = {folder: string; label: string; description: string; pages: string[]};

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
    folder: 'start',
    label: 'Get started',
    description: 'Understand what a team of agents does, then run one agent and a team of three yourself.',
    pages: words('how-agents-agree first-run first-team glossary'),
  },
  {
    folder: 'install',
    label: 'Install',
    description: 'Put MassGen on Linux, macOS, Windows, in a container or into CI, and keep it up to date.',
    pages: words('requirements linux-macos windows-wsl docker ci-environments upgrade'),
  },
  {
    folder: 'keys',
    label: 'Keys',
    description: 'Give MassGen the keys it needs, know which file wins, keep them out of sight, or do without.',
    pages: words('where-keys-are-read environment-variables keep-keys-safe local-and-keyless'),
  },
  {
    folder: 'backends',
    label: 'Backends',
    description: 'Choose who answers: hosted APIs, OpenAI-compatible providers, command-line agents, local models.',
    pages: words('all-backends hosted-apis openai-compatible cli-agents pick-a-model'),
  },
  {
    folder: 'configure',
    label: 'Configure',
    description: 'Write a configuration from a tested pattern or template, and check it before it costs anything.',
    pages: words('anatomy validate patterns templates shipped-examples selection-and-sharing'),
  },
  {
    folder: 'coordinate',
    label: 'Coordinate',
    description: 'Decide how agents vote, split the work, stay different, plan, and when they must come to an end.',
    pages: words(`voting decomposition-and-subagents diversity checklists-and-criteria plan-first steering
      finals-and-timeouts`),
  },
  {
    folder: 'tools',
    label: 'Tools and data',
    description: 'Give agents tools, files, code execution, memory and media, with the guard each of them needs.',
    pages: words(`which-tool mcp custom-python files-and-workspaces code-execution memory-and-sessions
      multimodal-and-computer-use`),
  },
  {
    folder: 'operate',
    label: 'Operate',
    description: 'Run MassGen day after day: speed, cost, automation, observation, serving and security.',
    pages: words('performance speed-and-cost automation observe serve-and-share security-checklist'),
  },
  {
    folder: 'limits',
    label: 'Rate limits',
    description: 'Keep a team inside its provider’s quota with one line of YAML, and know what happens when it is reached.',
    pages: words(`what-massgen-does quick-start how-it-works choosing-a-tier many-processes-and-machines profiles
      commands events-and-metrics hooks errors write-a-provider measured fleet`),
  },
  {
    folder: 'integrate',
    label: 'Integrate',
    description: 'Call MassGen from Python, from other agent frameworks and from coding agents.',
    pages: words('python-api frameworks coding-agents'),
  },
  {
    folder: 'learn',
    label: 'Learn from runs',
    description: 'Follow real runs from the question to the answer: worked examples, case studies and recordings.',
    pages: words(`worked-examples case-studies case-study-template recordings tour case-six-agents-one-key
      case-shared-key-team case-day-budget case-lower-limit-learned case-crash-and-restart case-keyless-team
      case-openai-claude-no-limits`),
  },
  {
    folder: 'fix',
    label: 'Fix',
    description: 'Find the message you see, what it means and what cures it.',
    pages: words('first-day-problems troubleshooting known-traps'),
  },
  {
    folder: 'reference',
    label: 'Reference',
    description: 'Every flag, key, file and exit code, generated from the installed MassGen.',
    pages: words('cli yaml-keys files-and-exit-codes versions'),
  },
  {
    folder: 'policies',
    label: 'Policies',
    description: 'How this project works together: each rule with its reason, its owner and its check.',
    pages: words(`overview pull-requests reviews case-studies research-conduct releases documentation
      security-and-incidents keys-and-cost`),
  },
];

const isPage = (name: string): boolean => /^[^_].*\.mdx?$/.test(name);

/** The ids ("section/page") of a section's pages that exist: the agreed ones in order, then any others by name. */
export function pageIds(docsDir: string, section: Section): string[] {
  const folder = path.join(docsDir, section.folder);
  const found = fs.existsSync(folder) ? fs.readdirSync(folder).filter(isPage) : [];
  const names = found.map((name) => name.replace(/\.mdx?$/, '')).sort();
  const rank = (name: string): number => (section.pages.indexOf(name) + 1 || section.pages.length + 1);
  return names.sort((a, b) => rank(a) - rank(b)).map((name) => `${section.folder}/${name}`);
}

/** The file of a page id, .mdx before .md. */
export function pageFile(docsDir: string, id: string): string {
  const mdx = path.join(docsDir, `${id}.mdx`);
  return fs.existsSync(mdx) ? mdx : path.join(docsDir, `${id}.md`);
}

/** Redirects from the front matter's `aliases` of every page. */
export function redirects(docsDir: string): {from: string; to: string}[] {
  return SECTIONS.flatMap((section) => pageIds(docsDir, section)).flatMap((id) => {
    const {data} = matter(fs.readFileSync(pageFile(docsDir, id), 'utf8'));
    return ((data as FrontMatter).aliases ?? []).map((from) => ({from, to: `/${id}`}));
  });
}

/** Whether a URL path of this site has its page yet: used where the theme links to pages. */
export function exists(docsDir: string, url: string): boolean {
  const id = url.replace(/^\/|[#?].*$/g, '');
  const section = SECTIONS.find(({folder}) => folder === id);
  return section ? pageIds(docsDir, section).length > 0 : fs.existsSync(pageFile(docsDir, id));
}
