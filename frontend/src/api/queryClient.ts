/** How the page asks, keeps and repeats. */
import { QueryClient } from '@tanstack/react-query';

import { ApiFailure } from './failure';

/** Whether the same question may get a better answer. */
export function worthRepeating(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 0 || error.status >= 500);
}

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The shop may run on this very machine: it is there without a network, too.
        networkMode: 'always',
        // One silent repetition hides a restart; after that the user is told, and decides.
        retry: (count, error) => count < 1 && worthRepeating(error),
        retryDelay: 800,
        // A page that is come back to shows the present stock, a double click does not ask twice.
        staleTime: 2000,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}
