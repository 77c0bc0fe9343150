import path from 'node:path';
import type {SidebarsConfig} from '@docusaurus/plugin-content-docs';
import {pageIds, SECTIONS} from './plugins/outline';

const docsDir = path.join(__dirname, 'docs');

/** Only pages whose file exists are listed, so a page can come and go without touching this file. */
const sidebars: SidebarsConfig = {
  handbook: SECTIONS.map((section) => ({
    type: 'category' as const,
    label: section.label,
    description: section.description,
    link: {
      type: 'generated-index' as const,
      title: section.label,
      description: section.description,
      slug: `/${section.slug}`,
    },
    items: pageIds(docsDir, section),
  })).filter(({items}) => items.length > 0),
};

export default sidebars;
