import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineHandler } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import type { Schema } from '../contract/meaning/schema.ts';
import { createOrigins } from '../origins/create-origins.ts';
import { handle, incidentOf, open } from '../testing/delivery.ts';
import { createDeclaredCheck } from './declared-origins.ts';
import { receiveIncident } from './incident-codec.ts';

const counted = z.object({ count: z.object({ of: z.int() }) });
const reporter = (schema: Schema) =>
  defineHandler({ name: 'counter', accepts: ['*'], write() {}, reports: { 'acme.thing.counted': schema } });
const none = createOrigins([]);
const declared = createOrigins([{ origins: { 'acme.thing.counted': { level: 'info', description: '' } } }]);
const fitting = incidentOf(1, 'acme.thing.counted', { count: { of: 1 } });
const wrong = incidentOf(2, 'acme.thing.counted', { count: { of: 'many' } });

describe('the check of declared origins', () => {
  it('marks incidents whose data does not fit, and leaves all others as they are', () => {
    const check = createDeclaredCheck([reporter(counted)], none);
    const other = incidentOf(3);
    const [first, second, third] = check([fitting, wrong, other]);
    expect(first).toBe(fitting);
    expect(third).toBe(other);
    expect(second).toEqual({ ...wrong, misfit: expect.stringMatching(/^count\.of: .*number.*string/) });
    expect(Object.isFrozen(second)).toBe(true);
  });

  it('returns the same batch when everything fits or no origin is declared', () => {
    const batch = [fitting, incidentOf(3)];
    expect(createDeclaredCheck([], none)(batch)).toBe(batch);
    expect(createDeclaredCheck([reporter(counted)], none)([batch[1] as Incident])).toHaveLength(1);
  });

  it('leaves origins that a package declares to the declaration', () => {
    const check = createDeclaredCheck([reporter(counted)], declared);
    expect(check([wrong])).toEqual([wrong]);
  });

  it.each(['@@@@', 'AA', 'AB==', 'A-_A'])('marks bytes in invalid base64: %s', (text) => {
    const bytes = { type: 'object', properties: { $bytes: { type: 'string', contentEncoding: 'base64' } } };
    const schema = { type: 'object', properties: { body: bytes }, required: ['body'] };
    const body = { 'acme.thing.sent': { level: 'info', description: '', schema } } as const;
    const check = createDeclaredCheck([], createOrigins([{ origins: body }]));
    const received = (base64: string) =>
      receiveIncident(
        `{"id":"s:1","origin":"acme.thing.sent","timestamp":1,"sensor":"a","data":{"body":{"$bytes":"${base64}"}}}`,
      );
    const [wrong, fitting] = check([received(text), received('AA==')]);
    expect(wrong).toMatchObject({
      data: { body: { $bytes: text } },
      misfit: expect.stringMatching(/^body: .*bytes/),
    });
    expect(fitting).not.toHaveProperty('misfit');
  });

  it('marks an incident when the schema itself throws, and escapes control characters', () => {
    const broken: Schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate() {
          throw new Error('boom\u001b[2J');
        },
      },
    };
    expect(createDeclaredCheck([reporter(broken)], none)([fitting])[0]?.misfit).toBe(
      'data: the schema failed: boom\\x1b[2J',
    );
  });

  it('is applied to everything that a dispatcher accepts: a misfit reaches only those that listen to *', async () => {
    const seen: string[] = [];
    const listening = (name: string, glob: string) =>
      defineHandler({
        name,
        on: {
          [glob]: ({ id, misfit }: Incident) => void seen.push(`${name} ${id}${misfit ? ' misfit' : ''}`),
        },
      });
    const dispatcher = await open([
      reporter(counted),
      listening('all', '*'),
      listening('exact', 'acme.thing.counted'),
    ]);
    await handle(dispatcher, [fitting, wrong]);
    expect(seen.toSorted()).toEqual(['all s:1', 'all s:2 misfit', 'exact s:1']);
  });
});
