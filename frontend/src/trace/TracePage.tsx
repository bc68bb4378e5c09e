/** The trace with the id in the address. */
import { useParams } from 'react-router';

import { isTraceId } from '../api/traceId';
import { useI18n } from '../i18n/useI18n';
import { Notice } from '../layout/Notice';
import { Page } from '../layout/Page';
import { TraceView } from './TraceView';

export default function TracePage() {
  const { t } = useI18n();
  const { traceId = '' } = useParams();
  return (
    <Page title={t.traceTitlePlain}>
      {isTraceId(traceId) ? (
        <TraceView traceId={traceId} />
      ) : (
        <Notice tone="warn" title={t.traceInvalidTitle}>
          <p>{t.traceInvalidText}</p>
        </Notice>
      )}
    </Page>
  );
}
