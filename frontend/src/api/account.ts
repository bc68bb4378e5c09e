/** The calls about who has signed in. */
import * as v from 'valibot';

import { request } from './request';

const Role = v.picklist(['customer', 'operator']);

/** What a person may do; each role may do all that the ones before it may. */
export type Role = v.InferOutput<typeof Role>;

const Account = v.object({
  /** Whether people sign in at all; without it everybody may do everything. */
  enabled: v.boolean(),
  /** Who has signed in; `role` is null for somebody who has none in this shop. */
  user: v.nullable(v.object({ name: v.string(), role: v.nullable(Role) })),
});

export type Account = v.InferOutput<typeof Account>;

export const getAccount = async (signal: AbortSignal): Promise<Account> =>
  (await request('/auth/me', Account, { signal, background: true })).data;

const SignedOut = v.object({
  /** Where to sign out at the provider; null when it offers nothing of the kind. */
  location: v.fallback(v.nullable(v.pipe(v.string(), v.regex(/^https?:\/\//))), null),
});

/** Ends the session; gives where the provider ends its own. */
export const signOut = async (): Promise<string | null> =>
  (await request('/auth/logout', SignedOut, { method: 'POST', background: true })).data.location;

/** Where a person signs in, to come back to this path of the page. */
export const signInPath = (back: string): string => `/auth/login?${String(new URLSearchParams({ back }))}`;
