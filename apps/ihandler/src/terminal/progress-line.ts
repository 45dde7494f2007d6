import { escapeControls } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import type { ImportProgress } from '@ihandler/host';

/** The width of the bar in columns. */
const BAR = 20;

function bar(fraction: number, unicode: boolean): string {
  const full = Math.round(fraction * BAR);
  const [done, open] = unicode ? ['█', '░'] : ['#', '-'];
  return `${done.repeat(full)}${open.repeat(BAR - full)}`;
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

function describeFiles({ file, index, of, fraction }: ImportProgress): string {
  if (of === 1) return file;
  return fraction === 1 ? `${of} files` : `${file} (${index} of ${of})`;
}

/** One line without colour. The terminal cuts it at its width, so the most important figures come first. */
export function formatProgress(progress: ImportProgress, unicode: boolean): string {
  const { fraction, seconds, incidents } = progress;
  const rate = `${formatCount(Math.round(incidents / Math.max(seconds, 0.001)))}/s`;
  const parts: string[] = [];
  if (fraction !== undefined) {
    const held = Math.min(1, Math.max(0, fraction));
    parts.push(`${bar(held, unicode)} ${String(Math.floor(held * 100)).padStart(3)} %`);
    parts.push(rate);
    if (held > 0.02 && seconds > 0.5 && held < 1) parts.push(`ETA ${clock((seconds / held) * (1 - held))}`);
  } else parts.push(formatCount(incidents, 'incident'), rate);
  if (progress.stuck !== undefined) parts.push(`waiting for ${progress.stuck}`);
  else parts.push(describeFiles(progress));
  return escapeControls(parts.join('  '));
}

/** Whether the terminal shows more than ASCII, judging by its environment. */
export function showsUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');
}
