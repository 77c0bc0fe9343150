import {createContext} from 'react';

/** True within the search page, whose own markup has no main landmark. */
export const WithinSearch = createContext(false);
