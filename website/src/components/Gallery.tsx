import React, {useMemo, useState, type ReactNode} from 'react';
import Link from '@docusaurus/Link';
import useBaseUrl from '@docusaurus/useBaseUrl';
import entries from '@site/src/data/gallery.json';
import styles from './Gallery.module.css';

type Entry = (typeof entries)[number];

const KINDS: Record<string, string> = {template: 'Template', example: 'Worked example', case: 'Case study', shipped: 'Shipped with MassGen'};
/** So many cards are shown before "Show all" is pressed. */
const SHOWN = 24;

/** Values of a list by how often they occur, the rare ones left out. */
function common(of: (entry: Entry) => string[], least: number): string[] {
  const counted = new Map<string, number>();
  for (const value of entries.flatMap(of)) counted.set(value, (counted.get(value) ?? 0) + 1);
  return [...counted].filter(([, times]) => times >= least).sort((a, b) => b[1] - a[1]).map(([value]) => value);
}

const BACKENDS = common(({backends}) => backends, 3);
const FEATURES = common(({features}) => features, 4);

type Wish = {text: string; kind: string; backend: string; feature: string};
const NOTHING: Wish = {text: '', kind: '', backend: '', feature: ''};

function fits(entry: Entry, {text, kind, backend, feature}: Wish): boolean {
  const all = [entry.name, entry.text, ...entry.backends, ...entry.needs, ...entry.features].join(' ').toLowerCase();
  return (
    (!kind || entry.kind === kind) &&
    (!backend || entry.backends.includes(backend)) &&
    (!feature || entry.features.includes(feature)) &&
    text.toLowerCase().split(/\s+/).every((word) => all.includes(word))
  );
}

function Choice({label, value, options, onChange}: {label: string; value: string; options: [string, string][]; onChange: (value: string) => void}): ReactNode {
  return (
    <label className={styles.choice}>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">any</option>
        {options.map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A sentence in which `code` is code. */
const words = (text: string): ReactNode => text.split('`').map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part));

function Card({entry}: {entry: Entry}): ReactNode {
  const file = useBaseUrl(`/templates/${entry.name}.yaml`);
  const agents = entry.agents ? `${entry.agents} ${entry.agents === 1 ? 'agent' : 'agents'}: ${entry.backends.join(', ')}` : '';
  return (
    <li className={styles.card}>
      <span className={styles.kind}>{KINDS[entry.kind]}</span>
      <h2>{entry.to ? <Link to={entry.to}>{entry.name}</Link> : <code>@examples/{entry.name}</code>}</h2>
      <p>{words(entry.text)}</p>
      {agents && <p className={styles.note}>{agents}</p>}
      {entry.features.length > 0 && <p className={styles.note}>Shows: {entry.features.join(', ')}</p>}
      {entry.needs.length > 0 && <p className={styles.note}>Needs: {words(entry.needs.join(', '))}</p>}
      {entry.kind === 'template' && (
        <p className={styles.note}>
          <a href={file} download>
            Download {entry.name}.yaml
          </a>
        </p>
      )}
    </li>
  );
}

/** Templates, case studies and shipped examples, to be narrowed down by words, backend and feature. */
export default function Gallery(): ReactNode {
  const [wish, setWish] = useState(NOTHING);
  const [all, setAll] = useState(false);
  const found = useMemo(() => entries.filter((entry) => fits(entry, wish)), [wish]);
  const change = (part: Partial<Wish>): void => setWish({...wish, ...part});
  const pairs = (values: string[]): [string, string][] => values.map((value) => [value, value]);
  return (
    <section aria-label="Gallery">
      <form className={styles.wishes} role="search" onSubmit={(event) => event.preventDefault()}>
        <label className={`${styles.choice} ${styles.wide}`}>
          <span>Words</span>
          <input type="search" value={wish.text} placeholder="review, Docker, MCP …" onChange={(event) => change({text: event.target.value})} />
        </label>
        <Choice label="Kind" value={wish.kind} options={Object.entries(KINDS)} onChange={(kind) => change({kind})} />
        <Choice label="Backend" value={wish.backend} options={pairs(BACKENDS)} onChange={(backend) => change({backend})} />
        <Choice label="Feature" value={wish.feature} options={pairs(FEATURES)} onChange={(feature) => change({feature})} />
      </form>
      <p role="status">
        {found.length} of {entries.length}
      </p>
      <ul className={styles.cards}>
        {found.slice(0, all ? undefined : SHOWN).map((entry) => (
          <Card key={`${entry.kind} ${entry.name}`} entry={entry} />
        ))}
      </ul>
      {!all && found.length > SHOWN && (
        <button type="button" className="button button--secondary" onClick={() => setAll(true)}>
          Show all {found.length}
        </button>
      )}
    </section>
  );
}
