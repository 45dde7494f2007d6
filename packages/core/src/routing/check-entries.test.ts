import { describe, expect, it } from 'vitest';
import { CONTRACT, defineHandler } from '../contract/handler.ts';
import { createDispatcher } from '../delivery/dispatcher.ts';
import { createMemoryJournal } from '../delivery/memory-journal.ts';
import type { HandlerEntry } from './handler-entry.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('handlers that cannot be run together', () => {
  const sound = defineHandler({ name: 'sound', on: { '*': () => {} } });
  // What TypeScript forbids, plain JavaScript tries.
  const forged = (handler: unknown) => ({ handler }) as HandlerEntry;

  it.each<[string, string, readonly HandlerEntry[]]>([
    ['two of one name', 'Two handlers are named sound', [{ handler: sound }, { handler: sound }]],
    ['a name that leaves the data folder', 'found "../x"', [{ handler: sound, instance: '../x' }]],
    ['a name that is the data folder', 'found ".."', [{ handler: sound, instance: '..' }]],
    ['an empty name', 'found ""', [{ handler: sound, instance: '' }]],
    ['a name with a slash, which ids could not hold', 'found "a/b"', [{ handler: sound, instance: 'a/b' }]],
    ['nothing', 'Expected a handler, found nothing', [forged(undefined)]],
    ['a factory that was not called', 'Expected a handler, found a function', [forged(() => sound)]],
    ['a handler that gets nothing', 'found neither', [forged({ contract: CONTRACT, name: 'none' })]],
    [
      'a listener that is not a function',
      'the listener of "acme.*", found 7',
      [forged({ ...sound, on: { 'acme.*': 7 } })],
    ],
    ['a write that is not a function', '"write", found 7', [forged({ ...sound, accepts: ['*'], write: 7 })]],
    ['globs that are not text', 'found 7', [forged({ ...sound, accepts: [7], write: () => {} })]],
  ])('are refused: %s', (_, message, handlers) => {
    const create = () =>
      createDispatcher({ journal: createMemoryJournal(), handlers, sensor: 'pot', dataDir: '.' });
    expect(create).toThrow(code('HANDLER_INVALID'));
    expect(create).toThrow(message);
  });

  it.each([
    ['HANDLER_INVALID', { ...sound, name: 'a b' }, {}],
    ['CONTRACT_UNKNOWN', { ...sound, contract: 2 }, {}],
    ['GLOB_INVALID', { ...sound, on: { 'acme.{a,b}': () => {} } }, {}],
    ['GLOB_INVALID', sound, { only: ['acme/*'] }],
    ['GLOB_INVALID', sound, { except: [''] }],
  ])('are refused with %s', (expected, handler, filters) => {
    const entry = { ...forged(handler), ...filters };
    expect(() =>
      createDispatcher({ journal: createMemoryJournal(), handlers: [entry], sensor: 'pot', dataDir: '.' }),
    ).toThrow(code(expected));
  });
});
