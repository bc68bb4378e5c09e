/** A trace inside a component, looked at until it is whole. */
import { useQuery, useQueryClient } from '@tanstack/react-query';

import { getTrace } from '../api/traces';
import { flushSpans } from '../telemetry/provider';
import { arrange } from './arrange';
import { keepLooking, lookMillis, nextLook, type Look } from './looking';
import { readSpans } from './otlp';

/** A healthy receiver takes some milliseconds; the view does not wait long for another. */
const flushMillis = 500;

export function useTrace(traceId: string, enabled: boolean) {
  const client = useQueryClient();
  const queryKey = ['trace', traceId];
  return useQuery({
    queryKey,
    enabled,
    queryFn: async ({ signal }) => {
      // The page's own spans are a part of it.
      await flushSpans(flushMillis);
      const trace = arrange(readSpans(await getTrace(traceId, signal)));
      return nextLook(client.getQueryData<Look>(queryKey), trace);
    },
    // `nextLook` compares them itself.
    structuralSharing: false,
    staleTime: Infinity,
    refetchInterval: ({ state }) =>
      state.data && keepLooking(state.data, Date.now()) ? lookMillis : false,
  });
}
