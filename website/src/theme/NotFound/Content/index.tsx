import React, {type ReactNode} from 'react';
import Link from '@docusaurus/Link';
import useBaseUrl from '@docusaurus/useBaseUrl';
import clsx from 'clsx';
import type {Props} from '@theme/NotFound/Content';

/** The page for an address that does not exist: search first, then the way home. */
export default function NotFoundContent({className}: Props): ReactNode {
  return (
    <main className={clsx('container margin-vert--xl not-found', className)}>
      <h1>There is no page at this address</h1>
      <p>A page that moved sends you on by itself, so this address was probably mistyped. Search the handbook:</p>
      <form action={useBaseUrl('/search/')} role="search">
        <label htmlFor="not-found-search">Words to look for</label>
        <input id="not-found-search" name="q" type="search" autoComplete="off" />
        <button type="submit" className="button button--primary">
          Search
        </button>
      </form>
      <p>
        Or go to the <Link to="/">first page</Link>.
      </p>
    </main>
  );
}
