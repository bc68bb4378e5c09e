/** How the page fetches, caches and retries. */
import { QueryClient } from '@tanstack/react-query';

import { ApiFailure } from './failure';

/** Whether the same request may get a better answer. */
export function worthRepeating(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 0 || error.status >= 500);
}

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The shop may run on this very machine: it is there without a network, too.
        networkMode: 'always',
        // One silent retry hides a restart; after that the user decides.
        retry: (count, error) => count < 1 && worthRepeating(error),
        retryDelay: 800,
        // Someone who comes back to a page sees the present stock; a double click does not ask twice.
        staleTime: 2000,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}
