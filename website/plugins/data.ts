/** Lets pages import data files: `x.yaml?raw` as text, `x.cast?meta` as size and length. */

import fs from 'node:fs';
import path from 'node:path';
import type {Plugin} from '@docusaurus/types';

export default function dataFiles(): Plugin {
  const own = fs.readdirSync(__dirname).filter((name) => /\.c?[jt]s$/.test(name));
  return {
    name: 'handbook-data',
    configureWebpack: (config) => ({
      // The compiled pages in the cache are void when these plugins change.
      ...(config.experiments && 'cache' in config.experiments
        ? {experiments: {cache: {buildDependencies: own.map((name) => path.join(__dirname, name))}}}
        : {}),
      resolveLoader: {alias: {'text-loader': path.join(__dirname, 'text-loader.cjs')}},
      module: {
        rules: [
          {resourceQuery: /^\?raw$/, type: 'asset/source'},
          {resourceQuery: /^\?meta$/, type: 'javascript/auto', use: [path.join(__dirname, 'cast-meta.cjs')]},
        ],
      },
    }),
  } as Plugin;
}
