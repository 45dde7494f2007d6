import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UntypedData } from '../../contract/incident.ts';
import { incidentOf } from '../../testing/delivery.ts';
import { sensorOrigins, sensorRegistry } from '../../testing/origins.ts';
import { factsOnly } from './facts-only.ts';

const connection = {
  id: 'c-1',
  protocol: 'httpd',
  transport: 'tcp',
  local: { host: '203.0.113.9', port: 80 },
  remote: { host: '198.51.100.7', port: 4711, hostname: 'evil.example.com' },
};
const factual = {
  ...connection,
  local: { host: '127.0.0.1', port: 80 },
  remote: { host: '198.51.100.7', port: 4711, hostname: '' },
};

describe('factsOnly', () => {
  it('keeps numbers, the ends of connections and hashes, and nothing that an attacker wrote', () => {
    const sha = 'a'.repeat(32);
    const data = { md5hash: sha, file: '/var/lib/x', url: 'http://203.0.113.9/', connection };
    const facts = factsOnly(incidentOf(1, 'dionaea.download.complete.hash', data), sensorRegistry);
    expect(facts.data).toEqual({ md5hash: sha, file: '', url: '', connection: factual });
    expect(facts).toMatchObject({ id: 's:1', origin: 'dionaea.download.complete.hash' });
  });

  it('keeps no data of an origin without a schema', () => {
    expect(factsOnly(incidentOf(1, 'acme.thing.seen', { connection, n: 1 }), sensorRegistry).data).toEqual(
      {},
    );
  });

  it('leaves no text of an attacker in any incident', () => {
    const word = fc.string({ minLength: 4 }).map((text) => `evil-${text}`);
    const value = fc.oneof(
      word,
      word.map((text) => new Uint8Array(Buffer.from(text))),
      fc.array(word),
      fc.dictionary(word, word),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(sensorOrigins.origins)),
        fc.dictionary(word, value),
        word,
        (origin, more, text) => {
          const data = {
            ...more,
            ...{ username: text, password: text, url: text, md5hash: text, sha256: text },
            connection: {
              ...connection,
              remote: { host: text, port: 1, hostname: text },
              protocol: `${text} `,
            },
          };
          const facts = factsOnly(incidentOf(1, origin, data as unknown as UntypedData), sensorRegistry);
          expect(JSON.stringify(facts.data)).not.toContain('evil-');
        },
      ),
      { numRuns: 500 },
    );
  });
});
