/** What is shown when a page failed to draw, or its code to load. */
import { useI18n } from '../i18n/useI18n';
import { Button } from './Button';
import { Notice } from './Notice';

export function BrokenPage() {
  const { t } = useI18n();
  return (
    <div role="alert">
      <Notice
        tone="bad"
        title={t.brokenTitle}
        actions={
          <Button
            onClick={() => {
              location.reload();
            }}
          >
            {t.reload}
          </Button>
        }
      >
        <p>{t.brokenText}</p>
      </Notice>
    </div>
  );
}
