import { defineHandler, throwForStatus } from '@ihandler/core';

/** The options of the handler, as the manifest in package.json declares them. */
export interface Options {
  /** The webhook that receives each login. */
  readonly url: string;
}

/** Text of an attacker as a string: it is bytes where it is not UTF-8. */
function text(value: string | Uint8Array | undefined): string | undefined {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

/** Posts each login that an attacker tries, on any sensor, to a webhook. */
export default function exampleName({ url }: Options) {
  return defineHandler({
    name: 'example-name',
    on: {
      'role:login': async ({ id, sensor, timestamp, facts }, { fetch, signal }) => {
        const body = JSON.stringify({
          id,
          sensor,
          time: new Date(timestamp).toISOString(),
          from: facts.connection.remote.host,
          username: text(facts.username),
          password: text(facts.password),
        });
        const headers = { 'content-type': 'application/json' };
        await throwForStatus(await fetch(url, { method: 'POST', headers, body, signal }));
      },
    },
  });
}
