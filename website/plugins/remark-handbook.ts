/**
 * Gives the handbook's components their data when a page is compiled, and fails with one sentence when it is missing.
 *
 * `<Template name="pair" />`, `<Recording name="first-run" />` and `<Film name="tour" />` get the text of their file as an import, so that a
 * changed file rebuilds the page; `<Figure src="/img/x.svg" />` gets its size, so that the page does not jump.
 * Pages of a frozen version read the data frozen with them, and their links stay in that version.
 */

import fs from 'node:fs';
import path from 'node:path';
import {imageSize} from 'image-size';
import {visit} from 'unist-util-visit';

type Attribute = {type: string; name?: string; value?: unknown};
type Node = {
  type: string;
  name?: string;
  url?: string;
  attributes?: Attribute[];
  children?: Node[];
  position?: {start: {line: number}};
};
type File = {path: string};

const site = path.resolve(__dirname, '..');
const draft = process.env.HANDBOOK_DRAFT === '1';

/** Where a page's data lies, relative to the site: the frozen copy for a page of a frozen version. */
export function dataRoot(file: string): {version?: string; root: string} {
  const version = /versioned_docs[\\/]version-([^\\/]+)/.exec(file)?.[1];
  return version ? {version, root: `static/versions/${version}`} : {root: 'static'};
}

const place = (node: Node, file: File): string => `${path.relative(site, file.path)}:${node.position?.start.line ?? 0}`;

/** Whether a data file exists. A missing one is an error unless this is a draft. */
function found(relative: string, node: Node, file: File, what: string): boolean {
  if (fs.existsSync(path.join(site, relative))) return true;
  if (draft) return false;
  throw new Error(`${place(node, file)}: ${what} needs the file website/${relative}, which does not exist.`);
}

/** A picture's size; one that cannot be read, such as an empty file, is an error of one sentence. */
function size(source: string, node: Node, file: File): {width: number; height: number} {
  const bytes = fs.readFileSync(path.join(site, source));
  try {
    return imageSize(bytes);
  } catch (error) {
    throw new Error(`${place(node, file)}: website/${source} (${bytes.length} bytes) is no picture: ${String(error)}`);
  }
}

const attribute = (node: Node, name: string): string => {
  const value = node.attributes?.find((each) => each.name === name)?.value;
  return typeof value === 'string' ? value : '';
};

/** An attribute whose value is the identifier of an import. */
const identifier = (name: string, variable: string): Attribute => ({
  type: 'mdxJsxAttribute',
  name,
  value: {
    type: 'mdxJsxAttributeValueExpression',
    value: variable,
    data: {
      estree: {
        type: 'Program',
        sourceType: 'module',
        body: [{type: 'ExpressionStatement', expression: {type: 'Identifier', name: variable}}],
      },
    },
  } as unknown,
});

const importOf = (variable: string, source: string): Node =>
  ({
    type: 'mdxjsEsm',
    value: `import ${variable} from '${source}'`,
    data: {
      estree: {
        type: 'Program',
        sourceType: 'module',
        body: [
          {
            type: 'ImportDeclaration',
            specifiers: [{type: 'ImportDefaultSpecifier', local: {type: 'Identifier', name: variable}}],
            source: {type: 'Literal', value: source, raw: `'${source}'`},
          },
        ],
      },
    },
  }) as unknown as Node;

export default function remarkHandbook() {
  return (tree: Node, file: File): void => {
    const {version, root} = dataRoot(file.path);
    const imports: Node[] = [];
    const give = (node: Node, name: string, source: string): void => {
      const variable = `handbookData${imports.length}`;
      imports.push(importOf(variable, `@site/${source}`));
      node.attributes!.push(identifier(name, variable));
    };
    const data: Record<string, (node: Node) => void> = {
      Template: (node) => {
        const source = `${root}/templates/${attribute(node, 'name')}.yaml`;
        if (found(source, node, file, '<Template>')) give(node, 'text', `${source}?raw`);
        if (version) node.attributes!.push({type: 'mdxJsxAttribute', name: 'version', value: version});
      },
      Recording: (node) => {
        const source = `${root}/recordings/${attribute(node, 'name')}`;
        const both = [`${source}.cast`, `${source}.txt`].map((each) => found(each, node, file, '<Recording>'));
        if (both.every(Boolean)) {
          give(node, 'meta', `${source}.cast?meta`);
          give(node, 'transcript', `${source}.txt?raw`);
        }
        if (version) node.attributes!.push({type: 'mdxJsxAttribute', name: 'version', value: version});
      },
      Film: (node) => {
        const source = `${root}/films/${attribute(node, 'name')}`;
        const all = ['json', 'txt', 'webm', 'mp4', 'vtt', 'webp'].map((end) => found(`${source}.${end}`, node, file, '<Film>'));
        if (all.every(Boolean)) {
          give(node, 'meta', `${source}.json`);
          give(node, 'transcript', `${source}.txt?raw`);
        }
        if (version) node.attributes!.push({type: 'mdxJsxAttribute', name: 'version', value: version});
      },
      Fact: (node) => {
        const source = version ? `${root}/facts.json` : 'facts.json';
        const name = attribute(node, 'name');
        if (!draft && !(name in JSON.parse(fs.readFileSync(path.join(site, source), 'utf8')))) {
          throw new Error(`${place(node, file)}: <Fact name="${name}"> is not in website/${source}.`);
        }
        give(node, 'facts', source);
      },
      Figure: (node) => {
        const source = `static${attribute(node, 'src')}`;
        if (!attribute(node, 'alt')) throw new Error(`${place(node, file)}: <Figure src="${attribute(node, 'src')}"> needs alt.`);
        if (!found(source, node, file, '<Figure>')) return;
        const {width, height} = size(source, node, file);
        for (const [name, value] of [['width', width], ['height', height]]) {
          node.attributes!.push({type: 'mdxJsxAttribute', name: String(name), value: String(value)});
        }
      },
    };
    visit(tree as never, (node: Node) => {
      if (node.type.startsWith('mdxJsx') && node.name && node.name in data) data[node.name](node);
      if (node.type === 'link' && version && node.url?.startsWith('/')) {
        const page = node.url.slice(1).replace(/[#?].*$/, '').replace(/\/$/, '');
        const frozen = path.join(site, 'versioned_docs', `version-${version}`, `${page}.mdx`);
        if (fs.existsSync(frozen)) node.url = `/${version}${node.url}`;
      }
    });
    tree.children!.unshift(...imports);
  };
}
