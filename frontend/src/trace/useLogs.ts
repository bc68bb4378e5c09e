/** The log lines of a trace inside a component, read again for as long as its spans are. */
import { useQuery } from '@tanstack/react-query';

import { getLogs } from '../api/logs';
import { lookMillis } from './looking';

export function useLogs(traceId: string, looking: boolean) {
  return useQuery({
    queryKey: ['logs', traceId],
    queryFn: ({ signal }) => getLogs(traceId, signal),
    staleTime: Infinity,
    // A store in trouble is asked again by the reader, not every second.
    refetchInterval: ({ state }) => (looking && state.status !== 'error' ? lookMillis : false),
  });
}
