import {useDoc} from '@docusaurus/plugin-content-docs/client';
import facts from '@site/facts.json';

export type PageFacts = {
  kind: string;
  owner: string;
  checked: string;
  verified: string[];
  installed: string;
  /** The facts were checked against another MassGen than the one this version of the handbook describes. */
  stale: boolean;
};

/** What a page's front matter says of itself. A frozen version is measured by its own name. */
export function usePageFacts(): PageFacts {
  const {frontMatter, metadata} = useDoc();
  const given = frontMatter as Record<string, unknown>;
  const text = (name: string): string => (given[name] === undefined ? '' : String(given[name]));
  const installed = metadata.version === 'current' ? facts.massgen_version : metadata.version;
  const verified = Array.isArray(given.verified) ? given.verified.map(String) : [];
  const checked = text('checked');
  return {kind: text('kind'), owner: text('owner'), checked, verified, installed, stale: checked !== installed};
}
