import React, {useEffect, useMemo, useRef, useState, type ReactNode} from 'react';
import ErrorBoundary from '@docusaurus/ErrorBoundary';
import {ErrorBoundaryErrorMessageFallback, useColorMode} from '@docusaurus/theme-common';
import {MermaidContainerClassName, useMermaidRenderResult} from '@docusaurus/theme-mermaid/client';
import type {Props} from '@theme/Mermaid';
import {palette} from './palette';
import {estimate} from './size';

const GRAPHS = /^(flowchart|state)/;
const MARGIN = 8;

/**
 * Measures a drawn graph again. Chromium at times gives Mermaid the extent that a drawing had before its boxes were moved,
 * and its right and lower parts are then cut off.
 */
function fit(svg?: SVGSVGElement | null): void {
  if (!svg || !GRAPHS.test(svg.getAttribute('aria-roledescription') ?? '')) return;
  const {x, y, width, height} = svg.getBBox();
  if (!width || !height) return;
  svg.setAttribute('viewBox', [x - MARGIN, y - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN].join(' '));
  svg.style.maxWidth = `${width + 2 * MARGIN}px`;
}

function Drawing({value}: Props): ReactNode {
  const {colorMode} = useColorMode();
  const config = useMemo(() => palette(colorMode), [colorMode]);
  const result = useMermaidRenderResult({text: value, config});
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const frame = requestAnimationFrame(() => fit(box.current?.querySelector('svg')));
    return () => cancelAnimationFrame(frame);
  }, [result]);
  if (!result) return null;
  return <div ref={box} className={MermaidContainerClassName} dangerouslySetInnerHTML={{__html: result.svg}} />;
}

const SIGNS = ['scroll', 'pointerdown', 'pointermove', 'keydown'] as const;

/**
 * Calls once the reader is there. Drawing keeps a slow telephone busy for a second or more, in which it would not answer
 * a tap; there it waits for the first sign of the reader, four seconds at most. Returns what calls it off.
 */
function whenReading(run: () => void): () => void {
  if (window.matchMedia('(min-width: 997px)').matches || window.scrollY > 0) {
    const soon = setTimeout(run, 0);
    return () => clearTimeout(soon);
  }
  const done = (): void => {
    stop();
    run();
  };
  const late = setTimeout(done, 4000);
  const stop = (): void => {
    clearTimeout(late);
    SIGNS.forEach((sign) => window.removeEventListener(sign, done));
  };
  SIGNS.forEach((sign) => window.addEventListener(sign, done, {passive: true}));
  return stop;
}

/** A diagram: drawn when it comes near the window; until then an empty place of about its size. */
export default function Mermaid({value}: Props): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const {width, height} = useMemo(() => estimate(value), [value]);
  useEffect(() => {
    let stop = (): void => undefined;
    const seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        seen.disconnect();
        stop = whenReading(() => setNear(true));
      },
      {rootMargin: '300px'},
    );
    const print = (): void => setNear(true);
    window.addEventListener('beforeprint', print);
    if (box.current) seen.observe(box.current);
    return () => {
      seen.disconnect();
      stop();
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
