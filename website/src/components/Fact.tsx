import React, {type ReactNode} from 'react';
import Missing from './missing';

type Props = {name: string; facts?: Record<string, unknown>};

/** A number or word out of facts.json, so that no page states a count or a default by hand. */
export default function Fact({name, facts = {}}: Props): ReactNode {
  if (!(name in facts)) return <Missing what={`<Fact name="${name}"> is not in website/facts.json`} />;
  return <>{String(facts[name])}</>;
}
