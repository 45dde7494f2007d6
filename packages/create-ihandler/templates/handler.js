import { defineHandler, throwForStatus } from '@ihandler/core';

/**
 * Text of an attacker as a string: it is bytes where it is not UTF-8.
 * @param {string | Uint8Array | undefined} value
 */
function text(value) {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

/**
 * Posts each login that an attacker tries, on any sensor, to a webhook.
 * @param {{ readonly url: string }} options as the manifest in package.json declares them
 */
export default function exampleName({ url }) {
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
