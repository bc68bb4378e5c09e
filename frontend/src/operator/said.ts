/** What is said of something that an operator has asked for. */
import { ApiFailure } from '../api/failure';
import type { Messages } from '../i18n/messages';

interface Asked {
  readonly isSuccess: boolean;
  readonly error: Error | null;
}

/** `done` when it is done; the shop's own words, or that it cannot be reached, when it is not. */
export function said({ isSuccess, error }: Asked, done: string, t: Messages): string | null {
  if (isSuccess) return done;
  if (error === null) return null;
  const words = error instanceof ApiFailure ? error.problem.detail : undefined;
  return words ?? t.unreachableTitle;
}
