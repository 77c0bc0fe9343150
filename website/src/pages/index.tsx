import React, {type ReactNode} from 'react';
import Head from '@docusaurus/Head';
import Link from '@docusaurus/Link';
import useBaseUrl from '@docusaurus/useBaseUrl';
import CopyPage from '@site/src/components/CopyPage';
import home from '@site/src/data/home.json';
import facts from '@site/facts.json';
import Layout from '@theme/Layout';
import styles from './index.module.css';

function Goal({goal, page, to, template}: (typeof home.goals)[number]): ReactNode {
  const file = useBaseUrl(`/templates/${template}.yaml`);
  return (
    <tr>
      <th scope="row">{goal}</th>
      <td>
        <Link to={to}>{page}</Link>
      </td>
      <td>{template ? <a href={file}>{template}.yaml</a> : <span className={styles.none}>no template</span>}</td>
    </tr>
  );
}

export default function Home(): ReactNode {
  return (
    <Layout description={home.sentence}>
      <Head>
        <link rel="alternate" type="text/markdown" href={useBaseUrl('/index.md')} />
      </Head>
      <main className={styles.home}>
        <header>
          <h1>{home.title}</h1>
          <p className={styles.sentence}>{home.sentence}</p>
        </header>
        <ul className={styles.doors}>
          {home.doors.map((door) => (
            <li key={door.to}>
              <Link to={door.to}>{door.title}</Link>
              <p>{door.text}</p>
            </li>
          ))}
        </ul>
        <section aria-labelledby="path">
          <h2 id="path">{home.pathTitle}</h2>
          <ol className={styles.path}>
            {home.path.map((step) => (
              <li key={step.title}>
                <h3>
                  <Link to={step.to}>{step.title}</Link>
                </h3>
                <code>{step.command}</code>
                <p>{step.text}</p>
              </li>
            ))}
          </ol>
          <Link className={`button button--primary ${styles.begin}`} to={home.pathEnd.to}>
            {home.pathEnd.text}
          </Link>
        </section>
        <section aria-labelledby="goals">
          <h2 id="goals">{home.goalsTitle}</h2>
          <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">You want to</th>
                  <th scope="col">Page</th>
                  <th scope="col">Template</th>
                </tr>
              </thead>
              <tbody>
                {home.goals.map((row) => (
                  <Goal key={row.goal} {...row} />
                ))}
              </tbody>
          </table>
        </section>
        <p className={styles.foot}>
          This handbook describes MassGen {facts.massgen_version}. <CopyPage twin={useBaseUrl('/index.md')} />
        </p>
      </main>
    </Layout>
  );
}
