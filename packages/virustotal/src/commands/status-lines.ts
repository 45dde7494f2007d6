import { escapeControls } from '@ihandler/core';
import { STATES } from '../backlog/backlog.ts';
import type { Desk } from '../worker/desk.ts';
import type { WindowUse } from '../worker/quota.ts';
import { shownTime } from './verdict-lines.ts';

const waiting = {
  new: 'to be looked up',
  upload: 'to be uploaded',
  analysis: 'being analysed',
  report: 'to be asked for after the analysis',
  comment: 'to be commented on',
  done: 'done with, and remembered',
} as const;

/** The state of an instance in lines for a terminal: backlog by state, quota, verdicts, what is wrong. */
export function statusLines({ backlog, quota, holds, counters, settings }: Desk, now: number): string {
  const line = (name: string, value: string | number): string => `${name.padEnd(38)}${value}\n`;
  const use = ({ used, limit }: WindowUse): string =>
    `${used} of ${limit}, ${Math.max(0, limit - used)} left`;
  const { minute, day, month } = quota.use(now);
  const { known, analysed, unknown, skipped, uploaded, unreported } = counters(now);
  const { until, reason, at, keyRefused } = holds.state();
  let lines = STATES.map((state) => line(waiting[state], backlog.count(state))).join('');
  lines += line('verdicts not reported yet', unreported ?? 0);
  lines += line(
    'verdicts so far',
    `${known} known, ${analysed} analysed, ${unknown} unknown, ${skipped} skipped`,
  );
  lines += line('uploaded so far', uploaded ?? 0);
  lines += line('requests in the last minute', use(minute));
  lines += line('requests today (UTC)', use(day));
  lines += line('requests this month (UTC)', use(month));
  lines += line('kept for people', `${Math.round(settings.reserve * 100)} %`);
  if (until > now) {
    const why = keyRefused ? 'the key is refused' : 'not asked';
    lines += line(why, `until ${shownTime(until)} (${escapeControls(reason)})`);
  } else if (reason !== '') lines += line('last problem', `${shownTime(at)} (${escapeControls(reason)})`);
  return lines;
}
