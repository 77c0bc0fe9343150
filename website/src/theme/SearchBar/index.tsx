import React, {useEffect, useRef, useState, type ReactNode} from 'react';
import Dialog from '@site/src/search/Dialog';
import styles from '@site/src/search/search.module.css';

/** Whether a key press is meant for what is being typed. */
const typing = ({target}: KeyboardEvent): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** The button in the menu that opens the search; so do Ctrl+K, Command+K and the slash. */
export default function SearchBar(): ReactNode {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const wanted = (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !typing(event));
      if (!wanted) return;
      event.preventDefault();
      setOpen(true);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    if (open) return () => button.current?.focus();
    return undefined;
  }, [open]);
  return (
    <>
      <button ref={button} type="button" className={styles.open} aria-label="Search, Ctrl K" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
          <circle cx="8.5" cy="8.5" r="5.5" fill="none" stroke="currentColor" strokeWidth="2" />
          <path d="m13 13 5 5" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
        </svg>
        <span className={styles.label}>Search</span>
        <kbd className={styles.key}>Ctrl K</kbd>
      </button>
      {open && <Dialog onClose={() => setOpen(false)} />}
    </>
  );
}
