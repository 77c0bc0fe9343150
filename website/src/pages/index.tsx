import React, {type ReactNode} from 'react';
import Head from '@docusaurus/Head';
import Link from '@docusaurus/Link';
import useBaseUrl from '@docusaurus/useBaseUrl';
import useDocusaurusContext from '@docusaurus/useDocusaurusContext';
import film from '@site/static/films/three-agents.json';
import transcript from '@site/static/films/three-agents.txt?raw';
import CopyPage from '@site/src/components/CopyPage';
import Film from '@site/src/components/Film';
import home from '@site/src/data/home.json';
import facts from '@site/facts.json';
import CodeBlock from '@theme/CodeBlock';
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

/** A sentence in which `code` is code. */
function Words({text}: {text: string}): ReactNode {
  return text.split('`').map((part, at) => (at % 2 ? <code key={part}>{part}</code> : part));
}

function Way({title, text, commands}: (typeof home.ways)[number]): ReactNode {
  const {siteConfig} = useDocusaurusContext();
  const lines = commands.join('\n').replaceAll('{site}', siteConfig.url + siteConfig.baseUrl);
  return (
    <div>
      <h3>{title}</h3>
      <p>
        <Words text={text} />
      </p>
      <CodeBlock language="bash">{lines}</CodeBlock>
    </div>
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
        <section aria-labelledby="answer" className={styles.answer}>
          <h2 id="answer">{home.answerTitle}</h2>
          <p>{home.answerBefore}</p>
          <div className={styles.ways}>
            {home.ways.map((way) => (
              <Way key={way.title} {...way} />
            ))}
          </div>
          <p>
            <Words text={home.answerAfter} />
          </p>
          <Film name="three-agents" meta={film} transcript={transcript} />
          <ul className={styles.more}>
            {home.answerLinks.map(({text, to}) => (
              <li key={to}>
                <Link to={to}>{text}</Link>
              </li>
            ))}
          </ul>
        </section>
        <ul className={styles.doors}>
          {home.doors.map((door) => (
            <li key={door.to}>
              <Link to={door.to}>{door.title}</Link>
              <p>{door.text}</p>
            </li>
          ))}
        </ul>
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
