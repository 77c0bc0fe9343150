import React, {useEffect, useMemo, useState, type ReactNode} from 'react';
import Head from '@docusaurus/Head';
import Link from '@docusaurus/Link';
import {useLocation} from '@docusaurus/router';
import Layout from '@theme/Layout';
import styles from '@site/src/search/search.module.css';
import useIndex from '@site/src/search/useIndex';

const asked = (search: string): string => new URLSearchParams(search).get('q') ?? '';

/** The search on a page of its own, with an address that can be passed on: /search/?q=words. */
export default function SearchPage(): ReactNode {
  const {search} = useLocation();
  const {state, ask, begin} = useIndex();
  const [question, setQuestion] = useState('');
  useEffect(() => {
    setQuestion(asked(search));
    begin();
  }, [search, begin]);
  const found = useMemo(() => (state === 'ready' ? ask(question) : []), [state, ask, question]);
  const type = (words: string): void => {
    setQuestion(words);
    window.history.replaceState(window.history.state, '', words ? `?q=${encodeURIComponent(words)}` : window.location.pathname);
  };
  return (
    <Layout title="Search" description="Search all pages of the MassGen handbook.">
      <Head>
        <meta name="robots" content="noindex" />
      </Head>
      <main className={`container ${styles.own}`}>
        <h1>Search</h1>
        <label htmlFor="search-words">Ask in your own words; one wrong letter does not matter.</label>
        <input
          id="search-words"
          type="search"
          className={styles.box}
          autoComplete="off"
          value={question}
          onChange={(event) => type(event.target.value)}
        />
        <p className={styles.status} role="status">
          {state === 'failed' && 'The index did not load. Check your connection, then load this page again.'}
          {state === 'ready' && question.trim() && !found.length && 'No page has these words. Try fewer or other words.'}
        </p>
        {found.map(({url, title, section, description, places}) => (
          <article key={url} className={styles.result}>
            <h2>
              <Link to={url}>{title}</Link>
            </h2>
            <p>
              {section}: {description}
            </p>
            {places.length > 0 && (
              <ul>
                {places.map(({anchor, heading, start}) => (
                  <li key={anchor}>
                    <Link to={`${url}#${anchor}`}>{heading}</Link> <span className={styles.note}>{start}</span>
                  </li>
                ))}
              </ul>
            )}
          </article>
        ))}
      </main>
    </Layout>
  );
}
