import { defineHandler, throwForStatus } from '@ihandler/core';

/**
 * Text of an attacker as a string: it is bytes where it is not UTF-8.
 * @param {string | Uint8Array | undefined} value
 */
function text(value) {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

/**
 * Posts each login and each captured file, of any sensor, to a webhook.
 * @param {{ readonly url: string }} options as the manifest in package.json declares them
 */
export default function exampleName({ url }) {
  /**
   * Delivers an incident. If it throws a temporary error, the incident is delivered again.
   * @param {import('@ihandler/core').Incident} incident
   * @param {object} facts
   * @param {import('@ihandler/core').HandlerContext} context
   */
  async function post(incident, facts, { fetch, signal }) {
    const { id, sensor, timestamp } = incident;
    const body = JSON.stringify({ id, sensor, time: timestamp, ...facts });
    const headers = { 'content-type': 'application/json' };
    await throwForStatus(await fetch(url, { method: 'POST', headers, body, signal }));
  }

  return defineHandler({
    name: 'example-name',
    on: {
      'role:login': (incident, context) => {
        const { connection, username, password, outcome } = incident.facts;
        const login = { username: text(username), password: text(password), outcome };
        return post(incident, { from: connection.remote.host, ...login }, context);
      },
      'role:capture': (incident, context) => {
        const { connection, md5, sha256, url: origin } = incident.facts;
        return post(incident, { from: connection?.remote.host, md5, sha256, url: text(origin) }, context);
      },
    },
  });
}
