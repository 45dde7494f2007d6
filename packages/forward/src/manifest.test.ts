import { manifestSchema, optionProblems } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import forward, { type ForwardOptions } from './index.ts';
import { optionsSchema } from './options.ts';

it('the manifest of forward describes the handler, its options and its outbound data', () => {
  const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
  expect(manifestSchema.parse(packageJson.ihandler).handlers).toEqual({
    forward: {
      export: '.',
      summary: expect.any(String),
      network: true,
      sends: expect.stringContaining('the option "url"'),
      aliases: [],
      options,
    },
  });
});

describe('the options of forward', () => {
  function problems(options: unknown) {
    try {
      // Safe: these tests pass invalid options on purpose.
      forward(options as ForwardOptions);
      return [];
    } catch (error) {
      return optionProblems(error).map(({ path, message }) => `${path}: ${message}`);
    }
  }

  it('allow plain http to another machine only with "tls.insecure"', () => {
    expect(problems({ url: 'http://hub.example/' })).toEqual([expect.stringContaining('insecure: true')]);
    expect(problems({ url: 'http://hub.example/', tls: { insecure: true } })).toEqual([]);
    for (const url of [
      'http://127.0.0.1:1/',
      'http://[::1]:1/',
      'http://localhost:1/',
      'https://hub.example/',
    ])
      expect(problems({ url })).toEqual([]);
  });

  it('require a URL without user and password', () => {
    for (const url of ['hub.example', 'ftp://hub.example/', 'https://a:b@hub.example/'])
      expect(problems({ url })).toHaveLength(1);
  });

  it('accept a pin in the forms of openssl and curl, and either a pin or an authority', () => {
    const url = 'https://hub.example/';
    const colons = Array.from({ length: 32 }, () => 'AB').join(':');
    const base64 = `sha256//${Buffer.alloc(32, 7).toString('base64')}`;
    for (const pin of [colons, colons.replaceAll(':', ''), base64])
      expect(problems({ url, pin })).toEqual([]);
    expect(problems({ url, pin: colons.slice(3) })).toHaveLength(1);
    expect(problems({ url, pin: colons, tls: { ca: '/ca.pem' } })).toEqual([
      expect.stringContaining('not both'),
    ]);
    expect(problems({ url: 'http://127.0.0.1/', tls: { ca: '/ca.pem' } })).toHaveLength(1);
  });

  it('never print the token', () => {
    expect(problems({ url: 'https://hub.example/', token: 'with blanks' }).join()).not.toContain(
      'with blanks',
    );
  });
});
