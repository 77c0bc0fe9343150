/**
 * The colours of code, after Visual Studio's light and dark theme, as CSS variables (set in src/css/custom.css).
 *
 * One theme serves both modes, so a code block is highlighted once, when the site is built, and not again in the reader's
 * browser after the page has come.
 */

import type {PrismTheme} from 'prism-react-renderer';

const style = (name: string, ...types: string[]): PrismTheme['styles'][number] => ({
  types,
  style: {color: `var(--code-${name})`},
});

export const codeTheme: PrismTheme = {
  plain: {color: 'var(--code-plain)', backgroundColor: 'var(--code-background)'},
  styles: [
    style('comment', 'comment', 'prolog', 'shebang'),
    style('keyword', 'keyword', 'boolean', 'function', 'important'),
    style('name', 'builtin', 'key', 'atrule', 'property', 'attr-name', 'class-name', 'section', 'table'),
    style('number', 'number', 'variable', 'parameter', 'inserted', 'constant', 'char', 'environment'),
    style('string', 'string', 'attr-value', 'deleted', 'date'),
  ],
};
