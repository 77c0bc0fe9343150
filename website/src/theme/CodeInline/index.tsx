import React, {Fragment, type ReactNode} from 'react';
import type {Props} from '@theme/CodeInline';

/** Letters: a shorter name is never broken, and one that is not longer than the second only on a phone. */
const [LONG, LONGER] = [16, 26];

/** A name in running text. A long one may be broken where its words end, so that tables keep room for sentences. */
export default function CodeInline({children, ...props}: Props): ReactNode {
  if (typeof children !== 'string' || children.length <= LONG) return <code {...props}>{children}</code>;
  const where = children.length > LONGER ? undefined : 'on-phones';
  return (
    <code {...props}>
      {children.split(/(?<=[\w)}\]][_./=])(?=\w)/).map((part, at) => (
        <Fragment key={at}>
          {at > 0 && <wbr className={where} />}
          {part}
        </Fragment>
      ))}
    </code>
  );
}
