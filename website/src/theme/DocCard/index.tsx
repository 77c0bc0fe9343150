import React, {type ReactNode} from 'react';
import Link from '@docusaurus/Link';
import {findFirstSidebarItemLink, useDocById} from '@docusaurus/plugin-content-docs/client';
import type {Props} from '@theme/DocCard';

/** One page in the list of its section: its name and what it is good for. */
export default function DocCard({item}: Props): ReactNode {
  const doc = useDocById(item.type === 'link' ? (item.docId ?? undefined) : undefined);
  const href = item.type === 'link' ? item.href : item.type === 'category' ? findFirstSidebarItemLink(item) : undefined;
  if (!href || item.type === 'html') return null;
  return (
    <div className="page-card">
      <h2>
        <Link to={href}>{item.label}</Link>
      </h2>
      <p>{item.description ?? doc?.description}</p>
    </div>
  );
}
