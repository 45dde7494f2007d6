import type { Source } from '@ihandler/core';
import { createHttpPort } from './create-http-port.ts';
import { type HttpOptions, readOptions, sendersOf } from './options.ts';
import { readOwnLine } from './read-own-line.ts';

/**
 * A source that takes incidents over HTTP, in the form in which the handler `forward` sends them (core's
 * `encodeIncident`, one a line). Ids are kept. Listens until the signal aborts. Throws `OPTIONS_INVALID` for what does
 * not fit; its run rejects with `TARGET_UNREADABLE` for a port that can never be had; one that another program has may be free later.
 */
export default function http(options: HttpOptions): Source {
  const settings = readOptions(options);
  return createHttpPort({ ...settings, name: 'http', senders: sendersOf(settings) }, () => readOwnLine);
}
