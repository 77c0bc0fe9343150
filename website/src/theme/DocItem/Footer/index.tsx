import React, {type ReactNode} from 'react';
import Footer from '@theme-original/DocItem/Footer';
import type FooterType from '@theme/DocItem/Footer';
import type {WrapperProps} from '@docusaurus/types';
import {usePageFacts} from '@site/src/components/pageFacts';

/** Who keeps this page true, and against what. */
export default function DocItemFooter(props: WrapperProps<typeof FooterType>): ReactNode {
  const {kind, owner, checked, verified} = usePageFacts();
  return (
    <>
      <aside className="page-facts" aria-label="About this page">
        <dl>
          <div>
            <dt>Kind</dt>
            <dd>{kind || 'not stated'}</dd>
          </div>
          <div>
            <dt>Owner</dt>
            <dd>{owner || 'not stated'}</dd>
          </div>
          <div>
            <dt>Checked against</dt>
            <dd>MassGen {checked || 'not stated'}</dd>
          </div>
        </dl>
        {verified.length > 0 && (
          <details>
            <summary>Where the facts on this page were verified</summary>
            <ul>
              {verified.map((place) => (
                <li key={place}>
                  <code>{place}</code>
                </li>
              ))}
            </ul>
          </details>
        )}
      </aside>
      <Footer {...props} />
    </>
  );
}
