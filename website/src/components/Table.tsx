import React, {useEffect, useRef, useState, type ComponentProps, type ReactNode} from 'react';

/** A table that can be moved sideways when it is wider than the page, with the keyboard too. */
export function Table(props: ComponentProps<'table'>): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(false);
  useEffect(() => {
    const frame = box.current;
    if (!frame) return undefined;
    const watch = new ResizeObserver(() => setWide(frame.scrollWidth > frame.clientWidth));
    watch.observe(frame);
    return () => watch.disconnect();
  }, []);
  const reach = wide ? {tabIndex: 0, role: 'group', 'aria-label': 'Table, can be scrolled sideways'} : {};
  return (
    <div ref={box} className="table-frame" {...reach}>
      <table {...props} />
    </div>
  );
}

/** A head cell; an empty one, above row names, is an ordinary cell and not a nameless head. */
export function HeadCell({children, ...props}: ComponentProps<'th'>): ReactNode {
  return children ? <th {...props}>{children}</th> : <td {...props} />;
}
