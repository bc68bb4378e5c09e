/** Who has signed in, inside a component. */
import { useQuery } from '@tanstack/react-query';

import { getAccount, type Account, type Role } from '../api/account';

export interface KnownAccount extends Account {
  /** Whether it is known yet; until then nothing is hidden and nothing offered. */
  readonly known: boolean;
  /** Whether the reader may do what this role may. */
  readonly may: (role: Role) => boolean;
}

export function useAccount(): KnownAccount {
  const { data } = useQuery({
    queryKey: ['account'],
    queryFn: ({ signal }) => getAccount(signal),
    // It changes by leaving the page, or when the session ends meanwhile.
    staleTime: 60_000,
  });
  const account = data ?? { enabled: false, user: null };
  const role = account.user?.role;
  return {
    ...account,
    known: data !== undefined,
    may: (wanted) =>
      data !== undefined && (!data.enabled || role === 'operator' || role === wanted),
  };
}
