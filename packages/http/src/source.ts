import type { Source } from '@ihandler/core';
import { createHttpPort } from './create-http-port.ts';
import { clientsOf, type HttpOptions, readOptions } from './options.ts';
import { readEncodedLine } from './read-encoded-line.ts';

/**
 * A source that receives incidents over HTTP, in the form in which the handler `forward` sends them (core's
 * `encodeIncident`, one a line). It keeps their ids and listens until the signal aborts. Throws `OPTIONS_INVALID` for
 * invalid options. Its run rejects with `TARGET_UNREADABLE` when the port can never be opened, and with a temporary error
 * when another program uses it.
 */
export default function http(options: HttpOptions): Source {
  const settings = readOptions(options);
  return createHttpPort(
    { ...settings, name: 'http', clients: clientsOf(settings), clientsChooseIds: true },
    () => readEncodedLine,
  );
}
