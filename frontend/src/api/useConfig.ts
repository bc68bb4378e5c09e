/** The configuration inside a component. */
import { useQuery } from '@tanstack/react-query';

import { defaultConfig, getConfig, type Config } from './config';

export function useConfig(): Config {
  const { data } = useQuery({
    queryKey: ['config'],
    queryFn: ({ signal }) => getConfig(signal),
    // It changes only with a restart of the server.
    staleTime: Infinity,
  });
  return data ?? defaultConfig;
}
