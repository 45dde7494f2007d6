import { request } from 'node:http';
import { createIncident, encodeIncident } from '@ihandler/core';

/** Posts incidents one after the other, and records the acknowledged ones. */
export interface Poster {
  post(port: number): Promise<'taken' | 'refused' | 'no answer'>;
  /** Keys, in order of their first post. */
  readonly posted: readonly string[];
  readonly acknowledged: readonly string[];
}

const ends = { local: '192.0.2.1', remote: '198.51.100.7' };

function wireLine(key: string): string {
  const connection = {
    id: key,
    protocol: 'smbd',
    transport: 'tcp',
    local_ip: ends.local,
    local_port: 445,
    remote_hostname: '',
    remote_ip: ends.remote,
    remote_port: 40_000,
  };
  const parts = { timestamp: '2026-01-02T03:04:05.678901', name: 'dionaea' };
  return `${JSON.stringify({ ...parts, origin: 'dionaea.connection.tcp.accept', data: { connection } })}\n`;
}

/** A line of the followed file. */
export const fileLine = (n: number): string => wireLine(`f-${n}`);

function ownLine(key: string, stream: string, ordinal: number): string {
  const connection = {
    id: key,
    protocol: 'smbd',
    transport: 'tcp',
    local: { host: ends.local, port: 445 },
    remote: { host: ends.remote, port: 40_000, hostname: '' },
  };
  const origin = 'dionaea.connection.tcp.accept';
  const incident = {
    id: `${stream}:${ordinal}`,
    origin,
    timestamp: ordinal,
    sensor: 'hive',
    data: { connection },
  };
  return `${encodeIncident(createIncident(incident))}\n`;
}

/** Posts on a new connection, like dionaea. Resolves with the status, or undefined if the process died meanwhile. */
function send(port: number, body: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const sent = request({ port, host: '127.0.0.1', method: 'POST', path: '/', headers, agent: false });
    const over = () => resolve(undefined);
    sent.on('error', over);
    sent.on('response', (response) => {
      response
        .on('error', over)
        .on('end', () => resolve(response.statusCode))
        .resume();
    });
    sent.end(body);
  });
}

function posterOf(name: string, kind: 'http' | 'dionaea-http', random: () => number): Poster {
  const posted: string[] = [];
  const acknowledged: string[] = [];
  let pending: readonly string[] = [];
  return {
    posted,
    acknowledged,
    async post(port) {
      // If the port keeps ids, an incident without an acknowledgement is posted again or skipped.
      const again = kind === 'http' && pending.length > 0 && random() < 0.5;
      if (!again) {
        pending = Array.from(
          { length: 1 + Math.floor(random() * 3) },
          (_, n) => `${name}-${posted.length + n}`,
        );
        posted.push(...pending);
      }
      const keys = pending;
      const lineOf = (key: string) =>
        kind === 'http' ? ownLine(key, name, Number(key.slice(name.length + 1)) + 1) : wireLine(key);
      const status = await send(port, keys.map(lineOf).join(''));
      if (status === undefined) return 'no answer';
      // dionaea cannot retry, so its port answers 202 when it could not store the post.
      if (status === 503 || status === 202) return 'refused';
      if (status !== 204 && status !== 200) throw new Error(`expected 204 or 503, found ${status}`);
      acknowledged.push(...keys);
      pending = [];
      return 'taken';
    },
  };
}

/** Two at a time, so that posts of one overtake posts of the other. */
export function postersFor(kind: 'http' | 'dionaea-http', random: () => number): readonly Poster[] {
  return ['h0', 'h1'].map((name) => posterOf(name, kind, random));
}
