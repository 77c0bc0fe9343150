import React, {useEffect, useState, type ReactNode} from 'react';

type State = 'ready' | 'copied' | 'failed';

const WORDS: Record<State, string> = {
  ready: 'Copy as Markdown',
  copied: 'Copied',
  failed: 'Copying failed: open it instead',
};

/** Copies a page's Markdown twin, or opens it. */
export default function CopyPage({twin}: {twin: string}): ReactNode {
  const [state, setState] = useState<State>('ready');
  useEffect(() => {
    if (state === 'ready') return undefined;
    const timer = setTimeout(() => setState('ready'), 3000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async (): Promise<void> => {
    try {
      const answer = await fetch(twin);
      const kind = answer.headers.get('content-type') ?? '';
      if (!answer.ok || kind.includes('html')) throw new Error(`${answer.status} ${kind}`);
      await navigator.clipboard.writeText(await answer.text());
      setState('copied');
    } catch {
      setState('failed');
    }
  };
  return (
    <span className="copy-page">
      <button type="button" onClick={copy}>
        <span aria-live="polite">{WORDS[state]}</span>
      </button>
      <a href={twin}>Open as Markdown</a>
    </span>
  );
}
