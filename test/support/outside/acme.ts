import type { OriginDeclaration, RoleMappings } from '@ihandler/core';
import { connection, stream } from '../attacks.ts';

/** Accepts any data. */
const anything = { type: 'object' };
const declare = (roles: RoleMappings) => ({
  schema: anything,
  level: 'info' as const,
  description: '',
  roles,
});

/** What the package of a sensor from outside declares. Nothing of ours knows its origins. */
export const acmeDeclarations: Readonly<Record<string, OriginDeclaration>> = {
  'acme.session.start': declare({ 'connection.open': { how: { value: 'accept' } } }),
  'acme.session.end': declare({ 'connection.close': { duration: { path: 'lasted', as: 'seconds' } } }),
  'acme.tunnel': declare({
    'connection.open': { connection: 'to', how: { value: 'connect' } },
    'connection.child': { parent: 'connection', child: 'to' },
  }),
  'acme.login': declare({
    login: { username: 'user', password: 'pass', outcome: 'result', method: 'way', key: 'print' },
  }),
  'acme.command': declare({ command: { input: 'line', realm: { value: 'shell' }, outcome: 'result' } }),
  'acme.fetch': declare({
    offer: { url: 'url' },
    capture: { sha256: 'hash', url: 'url', size: 'bytes', name: 'as', file: 'at' },
  }),
  'acme.request': declare({ request: { method: 'verb', target: 'what', agent: 'by', status: 'code' } }),
  'acme.client': declare({
    client: { kind: { value: 'ssh' }, version: 'banner', fingerprint: 'print', details: { pick: ['kex'] } },
  }),
  'acme.exploit': declare({ exploit: { name: 'cve', evidence: 'proof' } }),
  'acme.shell': declare({ service: { name: 'address' } }),
  'acme.message': declare({ message: { topic: 'topic', payload: 'payload' } }),
  'acme.tty': declare({
    tty: { sha256: 'hash', size: 'bytes', duration: { path: 'lasted', as: 'seconds' } },
  }),
  'acme.verdict': declare({
    verdict: { sha256: 'hash', malicious: 'bad', total: 'all', names: 'names', permalink: 'link', at: 'at' },
  }),
};

/** Hexadecimal digits of a SHA-256. */
export const acmeHash = 'ab'.repeat(32);

/** One session with every kind of detail, each a second after the one before. `text` is in all values that are text. */
export function acmeSession(
  id: string,
  {
    host,
    text = 'x',
    hash = acmeHash,
    started,
  }: { host?: string; text?: string; hash?: string; started?: number } = {},
) {
  const { incident, checkpoint, clock } = stream(`acme ${id}`);
  if (started !== undefined) clock.now = started;
  const own = connection(id, host);
  const to = { ...connection(`${id}/1`, '192.0.2.99'), protocol: 'direct-tcpip' };
  const on = (origin: string, data: Parameters<typeof incident>[1] = {}) =>
    incident(`acme.${origin}`, { connection: own, ...data });
  const incidents = [
    on('session.start'),
    on('client', { banner: `SSH-2.0-${text}`, print: text, kex: [text] }),
    on('login', { user: 'root', pass: text, result: 'failure' }),
    on('login', { user: 'root', pass: 'second', result: 'success', way: 'key', print: text }),
    on('command', { line: `wget http://${text}/a`, result: 'success' }),
    on('fetch', { url: `http://${text}/a`, hash, bytes: 1234, as: text, at: `/dl/${text}` }),
    on('command', { line: `nosuch ${text}\u001b[2J`, result: 'failure' }),
    on('request', { verb: 'GET', what: `/${text}`, by: text, code: 404 }),
    on('exploit', { cve: 'CVE-2026-24061', proof: text }),
    on('shell', { address: 'bindshell://4444' }),
    on('message', { topic: 'tunnel', payload: text }),
    on('tunnel', { to }),
    on('resized', { note: text, width: 80 }),
    on('tty', { hash, bytes: 99, lasted: 3 }),
    on('session.end', { lasted: '12.5' }),
    incident('acme.verdict', {
      hash,
      bad: 3,
      all: 70,
      names: [text],
      link: `https://vt.example/${text}`,
      at: 1_600_000_000_000,
    }),
  ];
  return { incidents, checkpoint: checkpoint() };
}
