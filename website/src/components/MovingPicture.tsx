import React, {type ReactNode} from 'react';
import styles from './MovingPicture.module.css';

/** Seconds as readers see them. */
export const length = (seconds: number): string =>
  seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;

/** Words that only a screen reader says. */
export function Unseen({children}: {children: ReactNode}): ReactNode {
  return <span className={styles.unseen}>{children}</span>;
}

/** What is beneath a film or a recording: its caption, and its transcript to open. */
export function Caption({transcript, of, children}: {transcript: string; of: string; children: ReactNode}): ReactNode {
  return (
    <figcaption className={styles.caption}>
      {children}
      <details className={styles.transcript}>
        <summary>
          Transcript<Unseen> of {of}</Unseen>
        </summary>
        <pre tabIndex={0}>{transcript}</pre>
      </details>
    </figcaption>
  );
}
