import { errorCode, isJournalFailed } from './error.ts';
import { property } from './property.ts';

/** How the dispatcher reacts to a failure. See {@link failureKind}. */
export type FailureKind = 'temporary' | 'permanent' | 'unknown';

/** Codes of failures that say nothing about the incident. `docs/write-a-handler.md` has the same table, which a test compares. */
export const temporaryCodes: ReadonlySet<string> = new Set(
  // Network.
  (
    'EADDRNOTAVAIL ECONNABORTED ECONNREFUSED ECONNRESET EHOSTDOWN EHOSTUNREACH ENETDOWN ENETRESET ENETUNREACH ENOBUFS ENONET ' +
    'ENOTCONN EPIPE ESHUTDOWN ETIMEDOUT ERR_SOCKET_CLOSED ERR_SOCKET_CONNECTION_TIMEOUT ERR_STREAM_PREMATURE_CLOSE ' +
    'ERR_HTTP2_GOAWAY_SESSION ERR_HTTP2_SESSION_ERROR ERR_HTTP2_STREAM_CANCEL ERR_HTTP2_STREAM_ERROR ERR_PROXY_TUNNEL ' +
    // Name lookup: by the system, and by c-ares.
    'EAI_AGAIN EAI_FAIL EAI_MEMORY EAI_NODATA EAI_NONAME EBADRESP ECANCELLED EDESTRUCTION EFORMERR ENODATA ENOTFOUND ENOTIMP ' +
    'EREFUSED ESERVFAIL ETIMEOUT ' +
    // Undici, which is also `fetch`. Its codes for wrong arguments are about the handler.
    'UND_ERR_ABORT UND_ERR_ABORTED UND_ERR_BODY_TIMEOUT UND_ERR_CLOSED UND_ERR_CONNECT_TIMEOUT UND_ERR_DESTROYED ' +
    'UND_ERR_HEADERS_OVERFLOW UND_ERR_HEADERS_TIMEOUT UND_ERR_INFO UND_ERR_PRX_TLS UND_ERR_RES_CONTENT_LENGTH_MISMATCH ' +
    'UND_ERR_SOCKET ' +
    // The journal, files and disks.
    'JOURNAL_FULL EBUSY EAGAIN EDQUOT EIO EMFILE ENFILE ENOMEM ENOSPC EROFS EACCES EPERM ESTALE ' +
    // Certificates and TLS: the operator of either side repairs them.
    'EPROTO DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN HOSTNAME_MISMATCH INVALID_CA INVALID_PURPOSE ' +
    'PATH_LENGTH_EXCEEDED'
  ).split(' '),
);
export const temporaryPrefixes: readonly string[] = [
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
  // A server that does not speak HTTP, or a proxy that breaks it.
  'HPE_',
  'CERT_',
  'CRL_',
  'ERROR_IN_CERT_',
  'ERROR_IN_CRL_',
  'UNABLE_TO_',
  'ERR_TLS_',
  'ERR_SSL_',
];
/** Cancelled requests: `AbortSignal.timeout` throws a TimeoutError, an AbortController of the handler an AbortError. */
const temporaryNames = new Set(['TimeoutError', 'AbortError']);

/** Whether a server answered that it cannot handle the request at the moment: 408, 425, 429 and 5xx. */
export function isTemporaryStatus(status: unknown): boolean {
  if (typeof status !== 'number') return false;
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status < 600);
}

/** Whether one error, without its causes, is temporary. */
function isTemporary(error: unknown): boolean {
  if (typeof property(error, 'retryAfter') === 'number') return true;
  const code = errorCode(error);
  if (temporaryCodes.has(code) || temporaryPrefixes.some((prefix) => code.startsWith(prefix))) return true;
  const name = property(error, 'name');
  if (typeof name === 'string' && temporaryNames.has(name)) return true;
  return [error, property(error, 'response')].some(
    (answer) =>
      isTemporaryStatus(property(answer, 'status')) || isTemporaryStatus(property(answer, 'statusCode')),
  );
}

/**
 * Classifies a failure by its properties, so that errors of any copy of core and of any library work:
 *
 * - `permanent`: the property `permanent` is true. The incident goes to the dead letters at once.
 * - `temporary`: the error or one of its causes has `retryAfter` (milliseconds), the code of a network, TLS, busy, full-disk
 *   or I/O error, the name of a timeout or cancelled request, or the HTTP status 408, 425, 429 or 5xx as `status`,
 *   `statusCode` or `response.status`. Retried without limit.
 * - `unknown`: anything else. Retried a limited number of times (see `RetryPolicy.attempts`).
 */
export function failureKind(error: unknown): FailureKind {
  if (property(error, 'permanent') === true) return 'permanent';
  if (isJournalFailed(error)) return 'unknown'; // whatever its cause: the journal does not recover in this process
  for (let current = error, depth = 0; current !== undefined && depth < 5; depth += 1) {
    if (isTemporary(current)) return 'temporary';
    current = property(current, 'cause');
  }
  return 'unknown';
}
