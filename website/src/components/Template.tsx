import React, {type ReactNode} from 'react';
import useBaseUrl from '@docusaurus/useBaseUrl';
import CodeBlock from '@theme/CodeBlock';
import Missing from './missing';

type Props = {name: string; text?: string; version?: string};

/** A tested template: its text to read and copy, and the file itself to download. */
export default function Template({name, text, version}: Props): ReactNode {
  const file = `${name}.yaml`;
  const href = useBaseUrl(`${version ? `/versions/${version}` : ''}/templates/${file}`);
  if (text === undefined) return <Missing what={`<Template name="${name}"> has no file`} />;
  return (
    <div className="template">
      <CodeBlock language="yaml" title={file}>
        {text}
      </CodeBlock>
      <a className="template__download" href={href} download={file}>
        Download {file}
      </a>
    </div>
  );
}
