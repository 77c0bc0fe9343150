import React, {type ReactNode} from 'react';
import useDocusaurusContext from '@docusaurus/useDocusaurusContext';

/** A visible mark for data that is not there yet in a draft; outside of a draft it is an error that fails the build. */
export default function Missing({what}: {what: string}): ReactNode {
  const {siteConfig} = useDocusaurusContext();
  if (siteConfig.customFields?.draft !== true) throw new Error(what);
  return <mark title={what}>«{what}»</mark>;
}
