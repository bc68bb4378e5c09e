/** How the level of log lines looks and reads. */
import type { Messages } from '../i18n/messages';
import css from './level.module.css';
import { countLevels, type Level, type PlacedLine } from './logs';

const classes: Readonly<Record<Level, string | undefined>> = {
  ERROR: css.error,
  WARN: css.warn,
  INFO: css.info,
  DEBUG: css.debug,
  TRACE: css.debug,
};

/** The class that sets `--level` and `--level-wash` to the colours of a level. */
export const levelClass = (level: Level): string => classes[level] ?? '';

/** The name of a level in the reader's language. */
export const levelName = (level: Level, t: Messages): string =>
  ({
    ERROR: t.levelError,
    WARN: t.levelWarn,
    INFO: t.levelInfo,
    DEBUG: t.levelDebug,
    TRACE: t.levelTrace,
  })[level];

/** How many lines there are, and how many of them are bad: `4 log lines, Error 1`. */
export function logCounts(
  lines: readonly PlacedLine[],
  t: Messages,
  count: (value: number) => string,
): string {
  const bad = countLevels(lines)
    .filter(([level]) => level === 'ERROR' || level === 'WARN')
    .map(([level, lines]) => `${levelName(level, t)} ${count(lines)}`);
  return [t.logCount(lines.length), ...bad].join(', ');
}
