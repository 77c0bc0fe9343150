/** What llms.txt tells an agent before the list of pages. */

import facts from '../../facts.json';
import installs from '../../src/data/install.json';

export const instructions = (site: string): string => `## Instructions for agents

This handbook describes MassGen ${facts.massgen_version}. Compare with \`pip show massgen\`; with another version, look at ${site}reference/versions.md first.

- Every page is Markdown at its address with \`.md\` instead of the last slash. Each section is one file, named below; ${site}llms-full.txt has all pages.
- Install with uv: \`${installs.massgen.commands[0]}\`. Plain pip fails at present. The rate limiting plugin: \`${installs.plugin.commands[0]}\`.
- Write configurations from ${site}configure/anatomy.md or a template of ${site}configure/templates.md, then run \`massgen --validate FILE --strict\`. MassGen's own examples on the internet are often older than the program.
- Run without a screen: \`massgen --automation --config FILE --output-file answer.txt "QUESTION" > run.txt\`.
- There is an answer if, and only if, \`grep -q '^ANSWER:' run.txt\` succeeds. The exit code and answer.txt do not tell: ${site}operate/automation.md
- Never write an API key into YAML or a command. Keys belong in the environment or in ~/.massgen/.env: ${site}keys/where-keys-are-read.md
- Look up a message before guessing: ${site}fix/troubleshooting.md, and surprising behaviour: ${site}fix/known-traps.md
- A run costs at least 2N + 1 calls for N agents. Ask before you start a team on somebody's key.`;
