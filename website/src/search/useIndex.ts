import {useCallback, useRef, useState} from 'react';
import useBaseUrl from '@docusaurus/useBaseUrl';
import type {Found} from './engine.mjs';

export type Ask = (question: string) => Found[];
export type State = 'unasked' | 'loading' | 'ready' | 'failed';

/** The search index, fetched from this site when somebody begins to search, and not before. */
export default function useIndex(): {state: State; ask: Ask; begin: () => void} {
  const url = useBaseUrl('/search.json');
  const [state, setState] = useState<State>('unasked');
  const engine = useRef<Ask>(() => []);
  const begun = useRef(false);
  const begin = useCallback(() => {
    if (begun.current) return;
    begun.current = true;
    setState('loading');
    Promise.all([import('./engine.mjs'), fetch(url).then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))])
      .then(([{load, search}, text]) => {
        const index = load(text);
        engine.current = (question) => search(index, question);
        setState('ready');
      })
      .catch(() => {
        begun.current = false;
        setState('failed');
      });
  }, [url]);
  const ask = useCallback<Ask>((question) => engine.current(question), []);
  return {state, ask, begin};
}
