import React, {useEffect, useMemo, useRef, useState, type ReactNode} from 'react';
import ErrorBoundary from '@docusaurus/ErrorBoundary';
import {ErrorBoundaryErrorMessageFallback, useColorMode} from '@docusaurus/theme-common';
import {MermaidContainerClassName, useMermaidRenderResult} from '@docusaurus/theme-mermaid/client';
import type {Props} from '@theme/Mermaid';
import {palette} from './palette';
import {estimate} from './size';

function Drawing({value}: Props): ReactNode {
  const {colorMode} = useColorMode();
  const config = useMemo(() => palette(colorMode), [colorMode]);
  const result = useMermaidRenderResult({text: value, config});
  if (!result) return null;
  return <div className={MermaidContainerClassName} dangerouslySetInnerHTML={{__html: result.svg}} />;
}

/** A diagram: drawn when it comes near the window; until then an empty place of about its size. */
export default function Mermaid({value}: Props): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const {width, height} = useMemo(() => estimate(value), [value]);
  useEffect(() => {
    const seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        seen.disconnect();
        setNear(true);
      },
      {rootMargin: '300px'},
    );
    const print = (): void => setNear(true);
    window.addEventListener('beforeprint', print);
    if (box.current) seen.observe(box.current);
    return () => {
      seen.disconnect();
      window.removeEventListener('beforeprint', print);
    };
  }, []);
  const place = {'--wide': width, '--high': height} as React.CSSProperties;
  return (
    <div ref={box} className="diagram" style={place} role="group" aria-label="Diagram" tabIndex={0}>
      {near && (
        <ErrorBoundary fallback={(params) => <ErrorBoundaryErrorMessageFallback {...params} />}>
          <Drawing value={value} />
        </ErrorBoundary>
      )}
      <noscript>
        <pre>{value}</pre>
      </noscript>
    </div>
  );
}
