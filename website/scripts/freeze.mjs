// Keeps the handbook as it is now under /<version>/: pages and menu (Docusaurus), facts, templates, recordings, films (here).

import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const site = path.resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const version = process.argv[2];
const fail = (message) => {
  console.error(message);
  process.exit(2);
};

if (!/^\d+(\.\d+)+$/.test(version ?? '')) fail('Usage: npm run freeze -- 0.1.97');
const {massgen_version: described} = JSON.parse(fs.readFileSync(path.join(site, 'facts.json'), 'utf8'));
if (described !== version) fail(`facts.json describes MassGen ${described}, not ${version}: freeze it before generating anew.`);
if (fs.existsSync(path.join(site, 'versioned_docs', `version-${version}`))) fail(`${version} is frozen already.`);

execFileSync('npx', ['docusaurus', 'docs:version', version], {cwd: site, stdio: 'inherit'});
const target = path.join(site, 'static', 'versions', version);
fs.mkdirSync(target, {recursive: true});
fs.copyFileSync(path.join(site, 'facts.json'), path.join(target, 'facts.json'));
for (const folder of ['templates', 'recordings', 'films']) {
  const source = path.join(site, 'static', folder);
  if (fs.existsSync(source)) fs.cpSync(source, path.join(target, folder), {recursive: true});
}
console.log(`Frozen as /${version}/. Commit versions.json, versioned_docs, versioned_sidebars and static/versions.`);
