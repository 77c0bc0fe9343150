import React, {useEffect, useRef, useState, type ReactNode} from 'react';
import useBaseUrl from '@docusaurus/useBaseUrl';
import Missing from './missing';
import {Caption, length, Unseen} from './MovingPicture';
import styles from './Recording.module.css';

type Meta = {cols: number; rows: number; seconds: number};
type Props = {name: string; title?: string; meta?: Meta; transcript?: string; version?: string; children?: ReactNode};

/** Loads the player and its style sheet; nothing of it is fetched before somebody presses Play. */
async function loadPlayer() {
  const [player, css] = await Promise.all([
    import('asciinema-player'),
    import('!!text-loader!asciinema-player/dist/bundle/asciinema-player.css'),
  ]);
  if (!document.getElementById('player-style')) {
    const style = document.createElement('style');
    style.id = 'player-style';
    style.textContent = css.default;
    document.head.append(style);
  }
  return player;
}

function Player({url, meta, label, onFail}: {url: string; meta: Meta; label: string; onFail: () => void}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let player: {dispose: () => void} | undefined;
    let gone = false;
    loadPlayer()
      .then(({create}) => {
        if (gone || !box.current) return;
        player = create(url, box.current, {
          autoPlay: true, // Play was pressed to get here.
          cols: meta.cols,
          rows: meta.rows,
          controls: true,
          fit: 'width',
          idleTimeLimit: 1,
          poster: 'npt:0:1',
          theme: 'handbook',
          terminalFontFamily: 'var(--ifm-font-family-monospace)',
        });
        box.current.querySelector<HTMLElement>('.ap-player, .ap-wrapper')?.focus();
      })
      .catch(onFail);
    return () => {
      gone = true;
      player?.dispose();
    };
  }, [url, meta, onFail]);
  return <div ref={box} className={styles.player} role="group" aria-label={label} />;
}

/** A recorded terminal session: a still picture until Play is pressed, and always its transcript. */
export default function Recording({name, title, meta, transcript, version, children}: Props): ReactNode {
  const url = useBaseUrl(`${version ? `/versions/${version}` : ''}/recordings/${name}.cast`);
  const [state, setState] = useState<'still' | 'playing' | 'failed'>('still');
  const [onFail] = useState(() => () => setState('failed'));
  if (!meta || transcript === undefined) return <Missing what={`<Recording name="${name}"> has no files`} />;
  const label = title ?? name.replace(/-/g, ' ');
  const still = transcript.split('\n').slice(0, meta.rows).join('\n');
  const size = {'--cols': meta.cols, '--rows': meta.rows} as React.CSSProperties;
  return (
    <figure className={styles.recording} style={size}>
      <div className={styles.stage}>
        <div className={styles.screens}>
          {state === 'playing' ? (
            <Player url={url} meta={meta} label={`Recording: ${label}`} onFail={onFail} />
          ) : (
            <div className={styles.still}>
              <pre className={styles.screen} aria-hidden="true" tabIndex={-1}>
                {still}
              </pre>
              <button type="button" className={styles.play} onClick={() => setState('playing')}>
                <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
                  <path d="M4 2v14l12-7z" fill="currentColor" />
                </svg>
                <span>
                  Play the recording<Unseen>: {label}</Unseen> ({length(meta.seconds)})
                </span>
              </button>
              {state === 'failed' && <p role="alert">The player could not be loaded. The transcript below has it all.</p>}
            </div>
          )}
        </div>
      </div>
      <Caption transcript={transcript} of={`the recording: ${label}`}>
        {title ?? children ?? label.charAt(0).toUpperCase() + label.slice(1)}
      </Caption>
    </figure>
  );
}
