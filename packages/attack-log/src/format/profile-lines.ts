import { formatCount } from '@ihandler/core/kit';
import { cut, cutLine } from './stored-text.ts';

/** The most calls of a shellcode's profile that are shown. */
const MOST_CALLS = 12;

function argument(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? '');
}

/** A call as libemu tells it (`call`, `args`, `return`), or as speakeasy does (`api_name`, `args`, `ret_val`). */
function callLine(call: unknown): string {
  if (typeof call !== 'object' || call === null) return argument(call);
  // Any JSON object: each value is looked at before it is used.
  const fields = call as Record<string, unknown>;
  const name = fields['call'] ?? fields['api_name'];
  if (typeof name !== 'string') return argument(call);
  const args = fields['args'];
  const list = Array.isArray(args) ? args.map(argument).join(', ') : '';
  const result = fields['return'] ?? fields['ret_val'];
  return `${name}(${list})${result === undefined || result === null ? '' : ` = ${argument(result).replaceAll("'", '')}`}`;
}

function parsed(profile: string): unknown {
  try {
    return JSON.parse(profile);
  } catch {
    // libemu can write text that is no JSON (a pointer within a struct): it is shown as it is.
    return undefined;
  }
}

/**
 * A shellcode's profile folded: how many calls, then one on each line, each cut to `room` characters, the last ones
 * counted when there are many. Text that is no list of calls is shown as it is, cut.
 */
export function profileLines(profile: string, room: number): [first: string, ...more: string[]] {
  const calls = parsed(profile);
  if (!Array.isArray(calls)) return [cut(profile.replace(/\s+/g, ' '), Math.max(room, 200))];
  const line = (call: unknown) => {
    try {
      return cutLine(callLine(call), Math.max(room - 1, 20));
    } catch {
      // Nested so deep that JSON.stringify gives up.
      return '… (nested too deep)';
    }
  };
  const kept = calls.length > MOST_CALLS ? MOST_CALLS - 1 : calls.length;
  const lines = calls.slice(0, kept).map(line);
  if (kept < calls.length) lines.push(`… ${formatCount(calls.length - kept)} more calls`);
  return [formatCount(calls.length, 'call'), ...lines];
}
