import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import xmpp from './index.ts';
import { publisherSchema, subscriberSchema } from './options.ts';
import xmppSource from './source.ts';

const schemaOf = (schema: z.ZodType) => {
  const { $schema, ...options } = z.toJSONSchema(schema, { io: 'input' });
  return options;
};

describe('the manifest of xmpp', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);
  const account = { url: 'xmpps://xmpp.example.org', username: 'pot@example.org', password: 'x' };

  it("describes the handler with dionaea's name, its options and its outbound data", () => {
    expect(manifest.handlers).toEqual({
      xmpp: {
        export: '.',
        summary: expect.any(String),
        network: true,
        mask: false,
        sends: expect.stringContaining('contents of samples only if'),
        aliases: ['logxmpp'],
        options: schemaOf(publisherSchema),
      },
    });
    const handler = xmpp({ ...account, rooms: [{ room: 'all@rooms.example.org' }] });
    expect(handler).toMatchObject({ contract: 1, name: 'xmpp' });
  });

  it('describes the source and its options', () => {
    expect(manifest.sources).toEqual({
      xmpp: {
        export: './source',
        summary: expect.any(String),
        reads: [],
        live: true,
        aliases: ['pg_backend'],
        options: schemaOf(subscriberSchema),
      },
    });
    const source = xmppSource({ ...account, rooms: ['all@rooms.example.org'] });
    expect(source).toMatchObject({ contract: 1, name: 'xmpp' });
  });
});
