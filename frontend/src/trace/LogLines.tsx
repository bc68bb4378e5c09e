/** Log lines from top to bottom: when, how bad, what, and with which fields. */
import { useI18n } from '../i18n/useI18n';
import { Icon } from '../layout/Icon';
import { formatDuration } from './axis';
import { levelClass, levelName } from './level';
import css from './LogLines.module.css';
import type { PlacedLine } from './logs';

interface LogLinesProps {
  readonly lines: readonly PlacedLine[];
  /** Leads to the span of a line; without it, lines do not name their span. */
  readonly onShowSpan?: (spanId: string) => void;
}

export function LogLines({ lines, onShowSpan }: LogLinesProps) {
  const { t } = useI18n();
  return (
    <ol className={css.lines}>
      {lines.map(({ line, level, offset, span }, index) => (
        <li key={index} className={`${css.line} ${levelClass(level)}`} data-level={level}>
          <time className={css.time} dateTime={line.timestamp} title={line.timestamp}>
            {offset < 0 ? '−' : '+'}
            {formatDuration(Math.abs(offset))}
          </time>
          <span className={css.level}>
            {(level === 'ERROR' || level === 'WARN') && <Icon name="warning" size={14} />}
            {levelName(level, t)}
          </span>
          <div className={css.text}>
            <p className={css.message} lang="en">
              {line.message}
            </p>
            <p className={css.origin}>
              {line.service}
              {onShowSpan && span && (
                <>
                  {' · '}
                  <button
                    type="button"
                    className={css.span}
                    aria-label={t.showSpan(span.name)}
                    onClick={() => {
                      onShowSpan(span.spanId);
                    }}
                  >
                    {span.name}
                  </button>
                </>
              )}
            </p>
            <Fields of={Object.entries(line.fields)} />
          </div>
        </li>
      ))}
    </ol>
  );
}

function Fields({ of }: { readonly of: readonly (readonly [string, string])[] }) {
  if (of.length === 0) return null;
  return (
    <dl className={css.fields} lang="en">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
