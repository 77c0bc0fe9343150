import React, {type ReactNode} from 'react';
import SearchPage from '@theme-original/SearchPage';
import {WithinSearch} from '@site/src/components/search-context';

export default function HandbookSearchPage(): ReactNode {
  return (
    <WithinSearch.Provider value={true}>
      <SearchPage />
    </WithinSearch.Provider>
  );
}
