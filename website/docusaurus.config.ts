import fs from 'node:fs';
import path from 'node:path';
import type {Config} from '@docusaurus/types';
import type * as Preset from '@docusaurus/preset-classic';
import facts from './facts.json';
import {codeTheme} from './plugins/code-theme';
import {addresses, exists, pageIds, redirects, SECTIONS} from './plugins/outline';
import remarkHandbook from './plugins/remark-handbook';

/** HANDBOOK_DRAFT=1: links to pages, facts and files that are not there yet are warnings, not errors. */
const draft = process.env.HANDBOOK_DRAFT === '1';
// A draft's pages must not be remembered by the build that follows: what is missing now may be there then.
if (draft) process.env.DOCUSAURUS_NO_PERSISTENT_CACHE = 'true';
const onBroken = draft ? 'warn' : 'throw';
/** Where the sources are: pages lead there, to be edited or to say what is wrong with them. */
const repository = process.env.REPOSITORY_URL ?? 'https://github.com/massgen/Handbook';
const docsDir = path.join(__dirname, 'docs');
const baseUrl = `/${process.env.BASE_URL ?? ''}/`.replace(/\/{2,}/g, '/');
const present = <T extends {to: string}>(items: T[]): T[] => items.filter(({to}) => exists(docsDir, to));

const navbar = SECTIONS.filter((section) => pageIds(docsDir, section).length > 0).map((section) => ({
  to: `/${section.slug}`,
  label: section.short,
  activeBaseRegex: addresses(docsDir, section),
  position: (section.slug === 'contribute' ? 'right' : 'left') as 'left' | 'right',
  activeClassName: 'navbar__link--here',
}));

const footer = [
  {
    title: 'Use',
    items: present([
      {to: '/start/first-run', label: 'First run'},
      {to: '/configure/templates', label: 'Templates'},
      {to: '/reference/cli', label: 'Command line'},
    ]),
  },
  {
    title: 'Fix',
    items: present([
      {to: '/fix/first-day-problems', label: 'First-day problems'},
      {to: '/fix/troubleshooting', label: 'Error messages'},
      {to: '/fix/known-traps', label: 'Known traps'},
    ]),
  },
  {
    title: 'Contribute',
    items: present([
      {to: '/policies/overview', label: 'Policies'},
      {to: '/policies/documentation', label: 'How this site is kept true'},
      {to: '/learn/case-study-template', label: 'Write a case study'},
    ]),
  },
  {
    title: 'For coding agents',
    items: [
      ...present([{to: '/integrate/coding-agents', label: 'Work with this site'}]),
      {href: `pathname://${baseUrl}llms.txt`, label: 'llms.txt', target: '_self'},
      {href: `pathname://${baseUrl}llms-full.txt`, label: 'llms-full.txt', target: '_self'},
    ],
  },
].filter(({items}) => items.length > 0);

const config: Config = {
  title: 'MassGen Handbook',
  tagline: 'Run a team of agents that agree on one answer',
  favicon: 'img/logo.svg',
  url: process.env.SITE_URL ?? 'https://massgen.github.io',
  baseUrl,
  trailingSlash: true,
  i18n: {defaultLocale: 'en', locales: ['en']},
  future: {v4: true, faster: true},
  onBrokenLinks: onBroken,
  onBrokenAnchors: onBroken,
  onDuplicateRoutes: 'throw',
  markdown: {
    mermaid: true,
    hooks: {onBrokenMarkdownLinks: onBroken, onBrokenMarkdownImages: onBroken},
  },
  customFields: {draft, repository},
  plugins: [
    './plugins/data.ts',
    './plugins/markdown-twins/index.ts',
    ['@docusaurus/plugin-client-redirects', {redirects: redirects(docsDir)}],
  ],
  themes: ['@docusaurus/theme-mermaid'],
  presets: [
    [
      'classic',
      {
        blog: false,
        docs: {
          routeBasePath: '/',
          sidebarPath: './sidebars.ts',
          beforeDefaultRemarkPlugins: [remarkHandbook],
          lastVersion: 'current',
          versions: {current: {label: facts.massgen_version, path: '/'}},
          editUrl: process.env.EDIT_URL ?? `${repository}/edit/main/website/`,
          showLastUpdateTime: fs.existsSync(path.join(__dirname, '../.git')),
        },
        theme: {customCss: './src/css/custom.css'},
        sitemap: {ignorePatterns: ['**/search/**']},
      } satisfies Preset.Options,
    ],
  ],
  themeConfig: {
    image: 'img/social.png',
    metadata: [{name: 'color-scheme', content: 'light dark'}],
    colorMode: {respectPrefersColorScheme: true},
    docs: {sidebar: {hideable: true, autoCollapseCategories: true}},
    tableOfContents: {minHeadingLevel: 2, maxHeadingLevel: 3},
    navbar: {
      title: 'MassGen Handbook',
      logo: {alt: '', src: 'img/logo.svg', width: 32, height: 32},
      items: [...navbar, {type: 'docsVersionDropdown', position: 'right'}],
    },
    footer: {
      style: 'light',
      links: footer,
      copyright: `Checked against MassGen ${facts.massgen_version}. Commands and configurations are checked with each change, and many are run; each page says how it was verified.`,
    },
    prism: {
      theme: codeTheme,
      darkTheme: codeTheme,
      additionalLanguages: ['bash', 'shell-session', 'yaml', 'python', 'json', 'toml', 'ini', 'powershell', 'docker'],
    },
  } satisfies Preset.ThemeConfig,
};

export default config;
