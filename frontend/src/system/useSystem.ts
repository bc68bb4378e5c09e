/** How the services do, inside a component. */
import { useQuery } from '@tanstack/react-query';

import { getExemplars, getOverview } from '../api/system';

/** As often as the server reads it anew. */
const refreshMillis = 5000;

export const useOverview = () =>
  useQuery({
    queryKey: ['system'],
    queryFn: ({ signal }) => getOverview(signal),
    // Without metrics there is nothing to wait for.
    refetchInterval: ({ state }) => (state.data === null ? false : refreshMillis),
  });

export const useExemplars = (service: string, moment: number) =>
  useQuery({
    queryKey: ['exemplars', service, moment],
    queryFn: ({ signal }) => getExemplars(service, signal),
  });
