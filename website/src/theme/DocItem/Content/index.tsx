import React, {type ReactNode} from 'react';
import {useDoc} from '@docusaurus/plugin-content-docs/client';
import Content from '@theme-original/DocItem/Content';
import type ContentType from '@theme/DocItem/Content';
import type {WrapperProps} from '@docusaurus/types';
import CopyPage from '@site/src/components/CopyPage';
import {usePageFacts} from '@site/src/components/pageFacts';

/** The page, under a line with its kind, whether it needs a review, and its Markdown twin. */
export default function DocItemContent(props: WrapperProps<typeof ContentType>): ReactNode {
  const {metadata} = useDoc();
  const {kind, checked, stale, installed} = usePageFacts();
  return (
    <>
      <div className="page-bar">
        {kind && <span className={`kind kind--${kind}`}>{kind}</span>}
        {stale && (
          <span className="needs-review" title={`Checked for ${checked}; the site describes ${installed}`}>
            Needs review: checked for MassGen {checked}, this is {installed}
          </span>
        )}
        <CopyPage twin={`${metadata.permalink.replace(/\/$/, '')}.md`} />
      </div>
      <Content {...props} />
    </>
  );
}
