/** What keeps a service from answering as usual, and how it bears with it. */
import { useI18n } from '../i18n/useI18n';
import { Notice } from '../layout/Notice';
import { perSecond } from './units';

interface TroubleProps {
  /** The present value of a series; null where nothing is known. */
  readonly now: (of: string) => number | null;
}

export function Trouble({ now }: TroubleProps) {
  const { t, language } = useI18n();
  const [shed, circuit, overBudget] = [now('shed'), now('circuit'), now('over_budget')];
  const ejected = now('ejected');
  return (
    <>
      {isSome(shed) && <Notice tone="bad" title={t.overloaded(perSecond(shed, language))} />}
      {circuit === 2 && <Notice tone="bad" title={t.circuitOpen} />}
      {circuit === 1 && <Notice tone="warn" title={t.circuitHalfOpen} />}
      {isSome(overBudget) && <Notice tone="bad" title={t.retryBudgetSpent} />}
      {isSome(ejected) && <Notice tone="warn" title={t.instancesEjected(ejected)} />}
    </>
  );
}

/** Whether there is anything to tell of. */
const isSome = (value: number | null): value is number => value !== null && value > 0;
