import React, {useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode} from 'react';
import {useHistory} from '@docusaurus/router';
import Link from '@docusaurus/Link';
import useBaseUrl from '@docusaurus/useBaseUrl';
import type {Found} from './engine.mjs';
import styles from './search.module.css';
import useIndex, {type State} from './useIndex';

type Line = {to: string; title: string; note: string; page: boolean};

/** A page and its best two sections, as lines one below the other. */
export const linesOf = ({url, title, section, description, places}: Found): Line[] => [
  {to: url, title, note: `${section}: ${description}`, page: true},
  ...places.slice(0, 2).map(({anchor, heading, start}) => ({to: `${url}#${anchor}`, title: heading, note: start, page: false})),
];

const WORDS: Record<State, string> = {
  unasked: '',
  loading: 'Loading the index …',
  ready: '',
  failed: 'The index did not load. Check your connection, then type again.',
};

function status(state: State, question: string, found: Found[]): string {
  if (state !== 'ready' || !question.trim()) return WORDS[state];
  if (!found.length) return `No page has these words. Try fewer or other words.`;
  return `${found.length} ${found.length === 1 ? 'page' : 'pages'}`;
}

/** The search: a box and, below it, pages with the sections that answer. Arrow keys choose, Enter opens, Escape closes. */
export default function Dialog({onClose}: {onClose: () => void}): ReactNode {
  const box = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const history = useHistory();
  const base = useBaseUrl('/').replace(/\/$/, '');
  const {state, ask, begin} = useIndex();
  const [question, setQuestion] = useState('');
  const [chosen, setChosen] = useState(0);
  const found = useMemo(() => (state === 'ready' ? ask(question) : []), [state, ask, question]);
  const groups = useMemo(() => found.map(linesOf), [found]);
  const lines = groups.flat();

  useEffect(() => {
    begin();
    if (!box.current?.open) box.current?.showModal();
  }, [begin]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({block: 'nearest'});
  }, [chosen]);

  const go = (to: string): void => {
    onClose();
    history.push(base + to);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (step && lines.length) {
      event.preventDefault();
      setChosen((chosen + step + lines.length) % lines.length);
    }
    if (event.key === 'Escape') {
      event.preventDefault();
      onClose();
    }
    if (event.key === 'Enter' && lines[chosen]) {
      event.preventDefault();
      go(lines[chosen].to);
    }
  };
  let at = -1;
  return (
    <dialog ref={box} className={styles.dialog} aria-label="Search the handbook" onClose={onClose} onClick={(event) => event.target === box.current && onClose()}>
      <div className={styles.inside}>
        <div className={styles.top}>
          <input
            type="search"
            className={styles.box}
            role="combobox"
            aria-label="Search the handbook"
            aria-expanded={lines.length > 0}
            aria-controls="search-results"
            aria-autocomplete="list"
            aria-activedescendant={lines.length ? `search-${chosen}` : undefined}
            placeholder="A question, a message, a key or a flag"
            autoComplete="off"
            autoFocus
            value={question}
            onChange={(event) => {
              begin();
              setQuestion(event.target.value);
              setChosen(0);
            }}
            onKeyDown={onKeyDown}
          />
          <button type="button" className={styles.close} onClick={onClose}>
            Close
          </button>
        </div>
        <p className={styles.status} role="status">
          {status(state, question, found)}
        </p>
        <div ref={list} id="search-results" role="listbox" aria-label="Pages" className={styles.results} tabIndex={-1}>
          {groups.map((group, page) => (
            <div key={group[0].to} role="group" aria-label={found[page].title} className={styles.group}>
              {group.map((line) => {
                at += 1;
                const own = at;
                return (
                  <div
                    key={line.to}
                    id={`search-${own}`}
                    role="option"
                    aria-selected={own === chosen}
                    className={line.page ? styles.page : styles.section}
                    onMouseMove={() => chosen !== own && setChosen(own)}
                    onClick={() => go(line.to)}
                  >
                    <span className={styles.title}>{line.title}</span>
                    <span className={styles.note}>{line.note}</span>
                  </div>
                );
              })}
            </div>
          ))}
        </div>
        {question.trim() && (
          <p className={styles.all}>
            <Link to={`/search/?q=${encodeURIComponent(question.trim())}`} onClick={onClose}>
              All results on a page of their own
            </Link>
          </p>
        )}
      </div>
    </dialog>
  );
}
