import { permanent, temporary } from './error.ts';
import { isTemporaryStatus } from './failure-kind.ts';
import { escapeControls } from './text/escape-controls.ts';

/** How much of the body of a failed response is read, in bytes, and shown, in characters. */
const READ = 4096;
const SHOWN = 200;
/** The longest delay that a server may ask for, in milliseconds. */
const LONGEST_DELAY = 60 * 60_000;

/** The part of a response that {@link throwForStatus} reads: that of `fetch`. */
type FailedResponse = Pick<Response, 'ok' | 'status' | 'statusText' | 'url' | 'headers' | 'body'>;

/** The delay of a `Retry-After` header, which has seconds or a date, in milliseconds; 0 when it says nothing. */
function delayOf(header: string | null, now: number): number {
  if (header === null) return 0;
  const delay = /^\s*\d{1,9}\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(delay) ? Math.min(Math.max(delay, 0), LONGEST_DELAY) : 0;
}

/** The first bytes of a body as text. The rest is not read: a server may send any amount. */
async function beginningOf(body: FailedResponse['body']): Promise<string> {
  if (body === null || body.locked) return '';
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    while (size < READ) {
      const { value } = await reader.read();
      if (value === undefined) break;
      parts.push(value);
      size += value.length;
    }
  } catch {
    // The connection broke: the status says what matters.
  }
  reader.cancel().catch(() => undefined); // the rest is of no use, whatever becomes of it
  return Buffer.concat(parts).subarray(0, READ).toString('utf8');
}

/** The text of a body in one line, safe for a terminal. */
function shown(text: string): string {
  const line = escapeControls(text.trim().replace(/\s+/g, ' '));
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}

/** The scheme and host of an address: its path and query may hold a secret. */
function serverOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the server';
}

function adviceFor(status: number): string {
  if (status === 401) return '; check the credentials that the handler sends';
  if (status === 403) return '; check what these credentials, or this address, may do there';
  return '';
}

/**
 * Throws unless a response is a success (2xx), with the status, the reason and the first bytes of the body: a temporary
 * error for 408, 425, 429 and 5xx, with the delay of `Retry-After` (an hour at most); a permanent one for any other status.
 * The error has the `status`. The body of a success stays unread. `now` is the time in milliseconds since the Unix epoch.
 */
export async function throwForStatus(response: FailedResponse, now: number = Date.now()): Promise<void> {
  const { ok, status, statusText, url, headers, body } = response;
  if (ok) return;
  const reason = statusText === '' ? '' : ` ${shown(statusText)}`;
  const text = shown(await beginningOf(body));
  const message = `${serverOf(url)} answered ${status}${reason}${text && `: ${text}`}${adviceFor(status)}`;
  const error = isTemporaryStatus(status)
    ? temporary(message, { retryAfter: delayOf(headers.get('retry-after'), now) })
    : permanent(message);
  throw Object.assign(error, { status });
}
