import { readFileSync } from 'node:fs';
import { type FileSourceModule, manifestSchema } from '@ihandler/core';
import { REFERENCE_ORIGINS, REFERENCE_PROTOCOLS, recording } from '@ihandler/test-support/recordings';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { followSchema } from './follow/options.ts';
import dionaeaFollow from './follow/source.ts';
import * as index from './index.ts';
import { liveDatabaseSchema } from './live-database/options.ts';
import dionaeaDatabase from './live-database/source.ts';
import { optionsSchema } from './options.ts';

describe('the manifest of @ihandler/dionaea', () => {
  it('lists the source for files and standard input with the options of its schema', () => {
    const { sources } = manifestSchema.parse(packageJson.ihandler);
    const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
    expect(sources['dionaea']).toMatchObject({ export: '.', reads: ['file', 'stdin'] });
    expect(sources['dionaea']?.options).toEqual(options);
  });

  it('matches the module: a factory without side effects, and a function that recognises files', () => {
    const module: FileSourceModule = index;
    expect(module.default({ file: '/missing/file' })).toMatchObject({ contract: 1, name: 'dionaea' });
    expect(module.recognises(new Uint8Array(), '/x')).toBe(false);
  });

  it.each([
    { name: 'dionaea-follow', sub: './follow', schema: followSchema, factory: dionaeaFollow },
    { name: 'dionaea-database', sub: './database', schema: liveDatabaseSchema, factory: dionaeaDatabase },
  ])('lists the live source $name with the options of its schema', ({ name, sub, schema, factory }) => {
    const { $schema, ...options } = z.toJSONSchema(schema, { io: 'input' });
    const source = manifestSchema.parse(packageJson.ihandler).sources[name];
    expect(source).toMatchObject({ export: sub, live: true, reads: [] });
    expect(source?.options).toEqual(options);
    expect(factory({ file: '/missing/file' })).toMatchObject({ contract: 1, name });
    expect(() => factory({ file: 'here' })).toThrow(/file: expected an absolute path; found "here"/);
  });

  it('lists the protocols of dionaea, of its old versions and of its fork, and those of the sensor itself', () => {
    const { dionaea, historic, fork, own } = JSON.parse(readFileSync(REFERENCE_PROTOCOLS, 'utf8'));
    const {
      protocols = [],
      ownProtocols,
      ownOrigins,
    } = manifestSchema.parse(packageJson.ihandler).sensors['dionaea'] ?? {};
    const lower = (names: readonly string[]) => new Set(names.map((name) => name.toLowerCase()));
    expect(lower(protocols)).toEqual(lower([...dionaea, ...historic, ...fork]));
    expect(ownProtocols).toEqual(own);
    const { origins } = JSON.parse(readFileSync(REFERENCE_ORIGINS, 'utf8'));
    const recorded = ['dionaea-a', 'dionaea-c']
      .flatMap((name) => readFileSync(recording(`${name}/log_incident.ndjson`), 'utf8').split('\n'))
      .flatMap((line) => [...line.matchAll(/"connection": \{"protocol": "([^"]+)"/g)])
      .map(([, name = '']) => name);
    expect(recorded.length).toBeGreaterThan(100);
    expect([...lower(recorded)].filter((name) => !lower([...protocols, ...own]).has(name))).toEqual([]);
    expect(ownOrigins?.filter((origin) => !Object.hasOwn(origins, origin))).toEqual([]);
  });
});
