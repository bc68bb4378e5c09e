/** Shown while something is loading: grey blocks, and a word for screen readers. */
import { useI18n } from '../i18n/useI18n';
import css from './Skeleton.module.css';

interface SkeletonProps {
  readonly blocks: number;
  /** Pixels of each block. */
  readonly height: number;
  /** The layout of what is to come. */
  readonly className?: string | undefined;
}

export function Skeleton({ blocks, height, className = css.list }: SkeletonProps) {
  const { t } = useI18n();
  return (
    <div role="status">
      <span className="visually-hidden">{t.loading}</span>
      <div className={className} aria-hidden="true">
        {Array.from({ length: blocks }, (_, index) => (
          <div key={index} className={css.block} style={{ height }} />
        ))}
      </div>
    </div>
  );
}
