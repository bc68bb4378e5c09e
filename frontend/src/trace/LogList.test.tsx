// @vitest-environment jsdom
/** The list of log lines: what it says, what it hides, and where it leads. */
import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';

import type { LogLine } from '../api/logs';
import { arrange } from './arrange';
import { span } from './fixtures';
import { placeLines } from './logs';
import { Waterfall } from './Waterfall';

afterEach(cleanup);

function line(level: string, message: string, spanId: string): LogLine {
  const timestamp = '2023-11-14T22:13:20.000000010Z';
  return { timestamp, service: 'order-service', level, message, spanId, fields: { order_id: 'o1' } };
}

function show() {
  const trace = arrange([span('root', null, 0, 100), span('leaf', 'root', 10, 50)]);
  if (!trace) throw new Error('there are spans');
  const lines = [line('INFO', 'order received', 'root'), line('ERROR', 'order failed', 'leaf')];
  render(<Waterfall trace={trace} lines={placeLines(lines, trace)} />);
  return userEvent.setup();
}

const logs = () => screen.getByRole('region', { name: 'Log lines' });

describe('the log lines of a trace', () => {
  it('say when, how bad, what, where and with which fields', () => {
    show();
    const [, failed] = within(logs()).getAllByRole('listitem');
    expect(failed?.textContent).toBe('+10 nsErrororder failedorder-service · leaforder_ido1');
  });

  it('are counted on their span, the bad ones apart', () => {
    show();
    const spans = within(screen.getByRole('region', { name: 'Spans' }));
    expect(spans.getByRole('button', { name: /: leaf, .*, 1 log line, Error 1$/ })).toBeTruthy();
    expect(spans.getByRole('button', { name: /: root, .*, 1 log line$/ })).toBeTruthy();
  });

  it('of a level are hidden by its switch, which says how many there are', async () => {
    const user = show();
    await user.click(screen.getByRole('button', { name: 'Info 1' }));
    expect(screen.queryByText('order received')).toBeNull();
    expect(screen.getByText('order failed')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Error 1' }));
    expect(screen.getByText('All levels are switched off.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Info 1' }));
    expect(screen.getByText('order received')).toBeTruthy();
  });

  it('lead to their span: it opens, also where it was folded away, and takes the focus', async () => {
    const user = show();
    await user.click(screen.getByRole('button', { name: 'Hide what root called' }));
    await user.click(screen.getByRole('button', { name: 'Show the span leaf' }));
    const leaf = screen.getByRole('button', { name: /: leaf, / });
    expect(document.activeElement).toBe(leaf);
    expect(leaf.getAttribute('aria-expanded')).toBe('true');
    // Its detail lists its own lines, and no others.
    expect(screen.getAllByText('order failed')).toHaveLength(2);
    expect(screen.getAllByText('order received')).toHaveLength(1);
  });
});
