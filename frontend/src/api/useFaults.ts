/** The faults that an operator has switched on, inside a component; none while they are not known. */
import { useQuery } from '@tanstack/react-query';

import { getFaults, type Fault } from './system';

/** Every page asks, so less often than for what a page is about. */
const refreshMillis = 15_000;

export function useFaults(): readonly Fault[] {
  const { data } = useQuery({
    queryKey: ['faults'],
    queryFn: ({ signal }) => getFaults(signal),
    // Without metrics there is nothing to wait for.
    refetchInterval: ({ state }) => (state.data === null ? false : refreshMillis),
  });
  return data ?? [];
}
