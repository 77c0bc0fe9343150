import React, {type ReactNode} from 'react';
import useBaseUrl from '@docusaurus/useBaseUrl';
import Missing from './missing';

type Props = {src: string; alt: string; caption?: ReactNode; width?: string; height?: string; children?: ReactNode};

/** A picture with its caption; its size is filled in when the page is compiled. */
export default function Figure({src, alt, caption, width, height, children}: Props): ReactNode {
  const url = useBaseUrl(src);
  if (!width) return <Missing what={`<Figure src="${src}"> has no file`} />;
  const text = caption ?? children;
  return (
    <figure className="figure">
      <img src={url} alt={alt} width={width} height={height} loading="lazy" decoding="async" />
      {text && <figcaption>{text}</figcaption>}
    </figure>
  );
}
