import { failureKind, IhandlerError, isIhandlerError, permanent, temporary } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { decodeError, encodeError } from './transfer-error.ts';

const transferred = (error: unknown) => decodeError(structuredClone(encodeError(error)));

describe('an error that crosses threads', () => {
  it.each([
    ['temporary', temporary('busy', { retryAfter: 7 })],
    ['temporary', Object.assign(new Error('full'), { code: 'ENOSPC' })],
    ['temporary', new Error('failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })],
    ['permanent', permanent('never')],
    ['unknown', new TypeError('bug')],
  ])('stays %s', (kind, error) => {
    expect(failureKind(error)).toBe(kind);
    expect(failureKind(transferred(error))).toBe(kind);
  });

  it('keeps its name, message, stack and causes', () => {
    const error = new TypeError('outer', { cause: new RangeError('inner') });
    const copy = transferred(error) as Error;
    expect(copy).toBeInstanceOf(Error);
    expect([copy.name, copy.message, copy.stack]).toEqual([error.name, error.message, error.stack]);
    expect(copy.cause).toMatchObject({ name: 'RangeError', message: 'inner' });
  });

  it('is an IhandlerError again, with its problems', () => {
    const error = Object.assign(new IhandlerError('OPTIONS_INVALID', 'wrong'), { problems: [{ path: 'a' }] });
    const copy = transferred(error);
    expect(isIhandlerError(copy)).toBe(true);
    expect(copy).toMatchObject({ code: 'OPTIONS_INVALID', problems: [{ path: 'a' }] });
  });

  it('leaves behind what cannot be copied', () => {
    const error = Object.assign(new AggregateError([new Error('one')], 'all'), {
      socket: () => 1,
      code: 'EX',
    });
    expect(transferred(error)).toMatchObject({ message: 'all', code: 'EX', errors: [{ message: 'one' }] });
    expect(transferred(error)).not.toHaveProperty('socket');
  });

  it('is cut when it is huge', () => {
    expect((transferred(new Error('boom'.repeat(1e6))) as Error).message).toHaveLength(65_536);
  });

  it.each([['text'], [7], [undefined], [null]])('may be any thrown value, such as %j', (value) => {
    expect(transferred(value)).toBe(value);
  });

  it('is described when it cannot be read', () => {
    const hostile = {
      toString() {
        throw new Error('no');
      },
    };
    expect(transferred(hostile)).toBe('an error that cannot be described');
    const getters = Object.defineProperties(
      new Error('boom'),
      Object.fromEntries(
        ['stack', 'message', 'name', 'code', 'cause'].map((key) => [
          key,
          {
            get() {
              throw new Error('getter');
            },
          },
        ]),
      ),
    );
    expect(transferred(getters)).toMatchObject({ message: 'an error that cannot be described' });
    const trap = () => {
      throw new Error('trap');
    };
    const proxy = new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap });
    expect(transferred(proxy)).toMatchObject({ message: 'an error that cannot be described' });
    expect(decodeError({ junk: 1 })).toBeInstanceOf(Error);
  });
});
