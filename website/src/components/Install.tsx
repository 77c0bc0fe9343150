import React, {type ReactNode} from 'react';
import CodeBlock from '@theme/CodeBlock';
import lines from '@site/src/data/install.json';

/** The commands that install something, from src/data/install.json: one home for lines that many pages show. */
export default function Install({name}: {name: keyof typeof lines}): ReactNode {
  return <CodeBlock language="bash">{lines[name].commands.join('\n')}</CodeBlock>;
}
