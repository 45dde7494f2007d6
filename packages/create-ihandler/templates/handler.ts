import { defineHandler, type HandlerContext, type Incident, throwForStatus } from '@ihandler/core';

/** The options of the handler, as the manifest in package.json declares them. */
export interface Options {
  /** The webhook. */
  readonly url: string;
}

/** Text of an attacker as a string: it is bytes where it is not UTF-8. */
function text(value: string | Uint8Array | undefined): string | undefined {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

/** Posts each login and each captured file, of any sensor, to a webhook. */
export default function exampleName({ url }: Options) {
  /** Delivers an incident. If it throws a temporary error, the incident is delivered again. */
  async function post(incident: Incident, facts: object, { fetch, signal }: HandlerContext): Promise<void> {
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
