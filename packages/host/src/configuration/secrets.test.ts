import { expect, test } from 'vitest';
import { createSecrets } from './secrets.ts';

test('secrets in a URL are hidden: a password, and tokens as the user, in the path or the query', () => {
  const secrets = createSecrets();
  secrets.learn({
    url: 'https://hooks.example.org/services/T0A1B2C3D4E5F6G7H8/send?sig=k3k3k3k3k3k3k3k3k3&token=short&page=2',
    servers: ['nats://n4t5t0k3nn4t5t0k3n@127.0.0.1:4222', 'nats://dionaea:geheim@192.0.2.1'],
  });
  expect(secrets.hide('POST /services/T0A1B2C3D4E5F6G7H8, sig=k3k3k3k3k3k3k3k3k3&token=short&page=2')).toBe(
    'POST /services/[hidden], sig=[hidden]&token=[hidden]&page=2',
  );
  expect(secrets.hide('nats://n4t5t0k3nn4t5t0k3n@127.0.0.1, dionaea:geheim')).toBe(
    'nats://[hidden]@127.0.0.1, dionaea:[hidden]',
  );
});

test('a URL with a short token is shown with its host and known parts only', () => {
  const secrets = createSecrets();
  secrets.learn({
    a: 'http://hub.example.org:8080/incidents/s3cret',
    b: 'https://hooks.example.org/T0/B1?t=ab',
    c: 'nats://tok@192.0.2.1:4222',
    d: 'https://user:pw@example.org/api/v3/',
    e: 'https://example.org/',
  });
  const shown = [
    'cannot reach http://hub.example.org:8080/incidents/s3cret: POST /incidents/s3cret',
    'https://hooks.example.org/T0/B1?t=ab and /T0/B1?t=ab',
    'nats://tok@192.0.2.1:4222',
    'https://user:pw@example.org/api/v3/',
    'https://example.org/',
  ].map(secrets.hide);
  expect(shown).toEqual([
    'cannot reach http://hub.example.org:8080/incidents/[hidden]: POST /[hidden]',
    'https://hooks.example.org/[hidden]/[hidden]?[hidden] and /[hidden]',
    'nats://[hidden]@192.0.2.1:4222',
    'https://[hidden]@example.org/api/v3/',
    'https://example.org/',
  ]);
});

test('values that came from the environment are hidden, but for names, paths, numbers and hosts of URLs', () => {
  const secrets = createSecrets();
  const filled = (name: string, value: string) => ({ path: ['ihandlers', 0, 'config', name], value });
  secrets.learn({}, [
    filled('channel', 'ops-room-7'),
    filled('sensor', 'pot-one'),
    filled('file', '/var/lib/x.db'),
    filled('port', '18080'),
    filled('url', 'https://hub.example.org'),
  ]);
  expect(secrets.hide('ops-room-7 pot-one /var/lib/x.db 18080 https://hub.example.org')).toBe(
    '[hidden] pot-one /var/lib/x.db 18080 https://hub.example.org',
  );
});
