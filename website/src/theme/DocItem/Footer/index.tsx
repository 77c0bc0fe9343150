import React, {type ReactNode} from 'react';
import useDocusaurusContext from '@docusaurus/useDocusaurusContext';
import {useDoc} from '@docusaurus/plugin-content-docs/client';
import Footer from '@theme-original/DocItem/Footer';
import type FooterType from '@theme/DocItem/Footer';
import type {WrapperProps} from '@docusaurus/types';
import {usePageFacts} from '@site/src/components/pageFacts';

/** Who keeps this page true, and against what. */
export default function DocItemFooter(props: WrapperProps<typeof FooterType>): ReactNode {
  const {kind, owner, checked, verified} = usePageFacts();
  const {metadata} = useDoc();
  const {siteConfig} = useDocusaurusContext();
  const about = {
    title: `${metadata.title}: `,
    body: `Page: ${siteConfig.url}${metadata.permalink}\nMassGen version (pip show massgen): \nWhat it says: \nWhat happens: \n`,
  };
  const issue = `${String(siteConfig.customFields?.repository)}/issues/new?${new URLSearchParams(about)}`;
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
        <p className="page-facts__wrong">
          <a href={issue}>This page is wrong or unclear</a>
        </p>
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
