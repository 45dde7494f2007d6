import { expect, test } from 'vitest';
import { createSecrets } from './secrets.ts';

test('secrets in a URL are hidden: a password, and tokens as the user, in the path or the query', () => {
  const secrets = createSecrets();
  secrets.learn({
    url: 'https://hooks.example.org/services/T0A1B2C3D4E5F6G7H8/send?sig=k3k3k3k3k3k3k3k3k3&token=short&page=2',
    servers: ['nats://n4t5t0k3nn4t5t0k3n@127.0.0.1:4222', 'nats://dionaea:geheim@192.0.2.1'],
  });
  expect(
    secrets.hide('POST /services/T0A1B2C3D4E5F6G7H8/send?sig=k3k3k3k3k3k3k3k3k3&token=short&page=2'),
  ).toBe('POST /services/[hidden]/send?sig=[hidden]&token=[hidden]&page=2');
  expect(secrets.hide('nats://n4t5t0k3nn4t5t0k3n@127.0.0.1, dionaea:geheim')).toBe(
    'nats://[hidden]@127.0.0.1, dionaea:[hidden]',
  );
});
