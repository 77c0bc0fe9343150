import React, {type ReactNode} from 'react';
import {CodeBlockContextProvider, useCodeBlockContext} from '@docusaurus/theme-common/internal';
import CopyButton from '@theme-original/CodeBlock/Buttons/CopyButton';
import type CopyButtonType from '@theme/CodeBlock/Buttons/CopyButton';
import type {WrapperProps} from '@docusaurus/types';

const PROMPT = /^(\$|>>>|PS [^>]*>|>) /;

/** What somebody wants who copies a session: its commands without prompts, and without what they printed. */
function commands(code: string): string {
  const lines = code.split('\n');
  if (!/^\$ /m.test(code)) return code;
  return lines.filter((line) => PROMPT.test(line)).map((line) => line.replace(PROMPT, '')).join('\n');
}

/** Copies a block of code; of a console session, the commands only. */
export default function CommandCopyButton(props: WrapperProps<typeof CopyButtonType>): ReactNode {
  const {metadata, wordWrap} = useCodeBlockContext();
  return (
    <CodeBlockContextProvider metadata={{...metadata, code: commands(metadata.code)}} wordWrap={wordWrap}>
      <CopyButton {...props} />
    </CodeBlockContextProvider>
  );
}
