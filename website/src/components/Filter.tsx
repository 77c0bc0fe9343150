import React, {useEffect, useId, useRef, useState, type ReactNode} from 'react';

const matches = (text: string, words: string[]): boolean => words.every((word) => text.includes(word));
const textOf = (node: Element): string => (node.textContent ?? '').toLowerCase();

/** Hides what does not match, for as long as it does not. */
function show(node: Element, visible: boolean): void {
  if (node instanceof HTMLElement) node.hidden = !visible;
}

/** Rows of a table that match; a table without any is hidden. */
function filterTable(frame: Element, words: string[]): number {
  const rows = [...frame.querySelectorAll('tbody tr')];
  const kept = rows.filter((row) => matches(textOf(row), words));
  rows.forEach((row) => show(row, kept.includes(row)));
  show(frame, kept.length > 0);
  return kept.length;
}

/** An entry is a third-level heading with what follows it; it stays whole if its prose matches, or with its matching rows. */
function filterEntry(nodes: Element[], words: string[]): number {
  const tables = nodes.filter((node) => node.matches('.table-frame'));
  const prose = nodes.filter((node) => !node.matches('.table-frame'));
  if (matches(nodes[0].matches('h3') ? textOf(nodes[0]) : '', words) || (!tables.length && matches(nodes.map(textOf).join(' '), words))) {
    nodes.forEach((node) => show(node, true));
    tables.forEach((frame) => frame.querySelectorAll('tbody tr').forEach((row) => show(row, true)));
    return 1;
  }
  const kept = tables.reduce((sum, frame) => sum + filterTable(frame, words), 0);
  prose.forEach((node) => show(node, kept > 0 && node.matches('h3')));
  return kept;
}

/** Cuts what follows the filter into parts that begin with a heading of a level. */
function parts(nodes: Element[], heading: string): Element[][] {
  const found: Element[][] = [[]];
  for (const node of nodes) {
    const title = node.matches(heading) || node.querySelector(`:scope > ${heading}`);
    if (title) found.push([]);
    found[found.length - 1].push(node);
  }
  return found.filter((part) => part.length > 0);
}

/** Applies the words to everything behind the filter; the number of entries and rows that are left. */
function apply(nodes: Element[], words: string[]): number {
  if (!words.length) {
    nodes.forEach((node) => [node, ...node.querySelectorAll('[hidden]')].forEach((each) => show(each, true)));
    return 0;
  }
  return parts(nodes, 'h2').reduce((sum, section) => {
    const kept = parts(section, 'h3').reduce((count, entry) => count + filterEntry(entry, words), 0);
    if (section[0].matches('h2')) show(section[0], kept > 0);
    return sum + kept;
  }, 0);
}

/** A box that filters the entries and table rows of the page below it. */
export default function Filter({label = 'Filter this page'}: {label?: string}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [text, setText] = useState('');
  const [kept, setKept] = useState(0);
  const id = useId();
  const used = useRef(false);
  useEffect(() => {
    if (!text && !used.current) return;
    used.current = true;
    const all = [...(box.current?.parentElement?.children ?? [])];
    const behind = all.slice(all.indexOf(box.current as Element) + 1);
    setKept(apply(behind, text.toLowerCase().split(/\s+/).filter(Boolean)));
  }, [text]);
  return (
    <div ref={box} className="filter" role="search">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="search" autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />
      <span role="status">{text.trim() && (kept ? `${kept} left` : 'Nothing has these words')}</span>
    </div>
  );
}
