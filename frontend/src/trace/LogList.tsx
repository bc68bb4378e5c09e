/** All log lines of a trace, with a filter by level. */
import { useState } from 'react';

import { useI18n } from '../i18n/useI18n';
import { levelClass, levelName } from './level';
import { LogLines } from './LogLines';
import css from './LogList.module.css';
import { countLevels, type Level, type PlacedLine } from './logs';

interface LogListProps {
  readonly lines: readonly PlacedLine[];
  readonly onShowSpan?: (spanId: string) => void;
}

export function LogList({ lines, ...rest }: LogListProps) {
  const { t, count } = useI18n();
  const [hidden, setHidden] = useState<ReadonlySet<Level>>(new Set());
  const shown = lines.filter(({ level }) => !hidden.has(level));
  const toggle = (level: Level) => {
    setHidden((levels) => {
      const next = new Set(levels);
      if (!next.delete(level)) next.add(level);
      return next;
    });
  };
  return (
    <section className={css.logs} aria-labelledby="logs">
      <header className={css.head}>
        <h2 id="logs">{t.logs}</h2>
        <div className={css.filter} role="group" aria-label={t.logsFilter}>
          {countLevels(lines).map(([level, lines]) => (
            <button
              key={level}
              type="button"
              className={`${css.toggle} ${levelClass(level)}`}
              aria-pressed={!hidden.has(level)}
              onClick={() => {
                toggle(level);
              }}
            >
              {levelName(level, t)} {count(lines)}
            </button>
          ))}
        </div>
      </header>
      {shown.length > 0 ? (
        <LogLines lines={shown} {...rest} />
      ) : (
        <p className={css.none}>{t.logsHidden}</p>
      )}
    </section>
  );
}
