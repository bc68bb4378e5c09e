/** The colour of a service in a trace. The service's name always stands beside it. */
import css from './series.module.css';

const classes = [
  css.series0,
  css.series1,
  css.series2,
  css.series3,
  css.series4,
  css.series5,
  css.series6,
  css.series7,
];

/** The class that sets `--series` to the colour of `service`. */
export function seriesClass(services: readonly string[], service: string): string {
  return classes[services.indexOf(service) % classes.length] ?? '';
}
