import { formatCount } from '@ihandler/core/kit';
import { cut, cutLine } from './stored-text.ts';

/** How many calls of a shellcode's profile are shown. */
const MOST_CALLS = 12;

function argument(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? '');
}

/** A call as libemu reports it (`call`, `args`, `return`), or speakeasy (`api_name`, `args`, `ret_val`). */
function callLine(call: unknown): string {
  if (typeof call !== 'object' || call === null) return argument(call);
  // Any JSON object: the type of each value is checked before it is used.
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
    // libemu can write invalid JSON (a pointer within a struct): the text is shown as it is.
    return undefined;
  }
}

/**
 * A shellcode's profile in short: the number of calls, then one call a line, each cut to `room` characters. Of many calls
 * only the first ones are listed. Text that is not a list of calls is shown as it is, cut.
 */
export function profileLines(profile: string, room: number): [first: string, ...more: string[]] {
  const calls = parsed(profile);
  if (!Array.isArray(calls)) return [cut(profile.replace(/\s+/g, ' '), Math.max(room, 200))];
  const line = (call: unknown) => {
    try {
      return cutLine(callLine(call), Math.max(room - 1, 20));
    } catch {
      // Nested deeper than JSON.stringify supports.
      return '… (nested too deep)';
    }
  };
  const listed = calls.length > MOST_CALLS ? MOST_CALLS - 1 : calls.length;
  const lines = calls.slice(0, listed).map(line);
  if (listed < calls.length) lines.push(`… ${formatCount(calls.length - listed)} more calls`);
  return [formatCount(calls.length, 'call'), ...lines];
}
