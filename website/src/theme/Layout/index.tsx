import React, {useContext, type ReactNode} from 'react';
import Layout from '@theme-original/Layout';
import type LayoutType from '@theme/Layout';
import type {WrapperProps} from '@docusaurus/types';
import {WithinSearch} from '@site/src/components/search-context';

/** The frame of every page; gives the search page the main landmark it lacks. */
export default function HandbookLayout({children, ...props}: WrapperProps<typeof LayoutType>): ReactNode {
  return <Layout {...props}>{useContext(WithinSearch) ? <main>{children}</main> : children}</Layout>;
}
