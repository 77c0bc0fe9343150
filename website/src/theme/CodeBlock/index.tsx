import React, {Children, isValidElement, type ReactNode} from 'react';
import ElementContent from '@theme/CodeBlock/Content/Element';
import StringContent from '@theme/CodeBlock/Content/String';
import type {Props} from '@theme/CodeBlock';

/**
 * A code block. Unlike the original it is not drawn a second time after the page has come: the colours are CSS variables,
 * right in both modes from the start. One that shows what MassGen refuses says so, for those who only copy.
 */
export default function CodeBlock({children, ...props}: Props): ReactNode {
  const rich = Children.toArray(children).some((child) => isValidElement(child));
  const block = rich ? (
    <ElementContent {...props}>{children}</ElementContent>
  ) : (
    <StringContent {...props}>{Children.toArray(children).join('')}</StringContent>
  );
  if (!/(^|\s)massgen-invalid\b/.test(props.metastring ?? '')) return block;
  return (
    <div className="refused">
      <p className="refused__note">MassGen refuses this configuration:</p>
      {block}
    </div>
  );
}
