import React, {type ReactNode} from 'react';
import useBaseUrl from '@docusaurus/useBaseUrl';
import Missing from './missing';
import {Caption, length} from './MovingPicture';
import styles from './Film.module.css';

type Meta = {title: string; seconds: number; width: number; height: number};
type Props = {name: string; meta?: Meta; transcript?: string; version?: string};

/** A film without sound: nothing but its poster is fetched before somebody plays it, and its transcript is beneath. */
export default function Film({name, meta, transcript, version}: Props): ReactNode {
  const base = useBaseUrl(`${version ? `/versions/${version}` : ''}/films/${name}`);
  if (!meta || transcript === undefined) return <Missing what={`<Film name="${name}"> has no files`} />;
  const {title, seconds, width, height} = meta;
  return (
    <figure className={styles.film}>
      <video
        controls
        playsInline
        preload="none"
        poster={`${base}.webp`}
        width={width}
        height={height}
        aria-label={`Film: ${title}`}>
        <source src={`${base}.webm`} type={'video/webm; codecs="av01.0.05M.08"'} />
        <source src={`${base}.mp4`} type="video/mp4" />
        <track kind="captions" src={`${base}.vtt`} srcLang="en" label="English" default />
        <a href={`${base}.mp4`}>The film as a file</a>
      </video>
      <Caption transcript={transcript} of={`the film: ${title}`}>
        {title} ({length(seconds)}, no sound). Waits are cut.
      </Caption>
    </figure>
  );
}
