import { escapeControls } from '@ihandler/core';
import { formatCount, formatTime } from '@ihandler/core/kit';
import { STATES } from '../backlog/task.ts';
import type { InstanceData } from '../instance-data.ts';
import type { WindowUse } from '../worker/quota.ts';

const labels = {
  new: 'to look up',
  upload: 'to upload',
  analysis: 'in analysis',
  report: 'report to fetch after analysis',
  comment: 'to comment on',
  done: 'done (remembered)',
} as const;

/** The state of an instance, one fact a line: backlog by state, verdicts, quota, the current problem. */
export function statusLines(
  { backlog, quota, cooldowns, counters, settings }: InstanceData,
  now: number,
): string {
  const line = (name: string, value: string | number): string =>
    `${name.padEnd(38)}${typeof value === 'number' ? formatCount(value) : value}\n`;
  const use = ({ used, limit }: WindowUse): string =>
    `${formatCount(used)} of ${formatCount(limit)}, ${formatCount(Math.max(0, limit - used))} left`;
  const { minute, day, month } = quota.use(now);
  const { known, analysed, unknown, skipped, uploaded, unreported } = counters(now);
  const { until, reason, at, keyRejected } = cooldowns.state();
  let lines = STATES.map((state) => line(labels[state], backlog.count(state))).join('');
  lines += line('verdicts not reported yet', unreported ?? 0);
  lines += line(
    'verdicts so far',
    `${formatCount(known ?? 0)} known, ${formatCount(analysed ?? 0)} analysed, ${formatCount(unknown ?? 0)} unknown, ${formatCount(skipped ?? 0)} skipped`,
  );
  lines += line('uploaded so far', uploaded ?? 0);
  lines += line('requests in the last minute', use(minute));
  lines += line('requests today (UTC)', use(day));
  lines += line('requests this month (UTC)', use(month));
  lines += line('reserved for people', `${Math.round(settings.reserve * 100)} %`);
  if (until > now) {
    const name = keyRejected ? 'key rejected' : 'waiting';
    lines += line(name, `until ${formatTime(until)} (${escapeControls(reason)})`);
  } else if (reason !== '') lines += line('last problem', `${formatTime(at)} (${escapeControls(reason)})`);
  return lines;
}
