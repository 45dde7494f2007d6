import { describe, expect, it } from 'vitest';
import { createSessions } from './sessions.ts';

describe('a table of sessions', () => {
  it('evicts the session that was used least recently, and counts it', () => {
    const table = createSessions({ max: 2 });
    table.set('a', 1);
    table.set('b', 2);
    expect(table.get('a')).toBe(1);
    table.set('c', 3);
    expect([table.get('a'), table.get('b'), table.get('c')]).toEqual([1, undefined, 3]);
    expect([table.size, table.evicted]).toEqual([2, 1]);
  });

  it('keeps ended sessions for late lines, a bounded number, which are not counted as evicted', () => {
    const table = createSessions({ maxEnded: 2 });
    for (const key of ['a', 'b', 'c', 'd']) table.set(key, key);
    for (const key of ['a', 'b', 'c']) table.end(key);
    expect(['a', 'b', 'c', 'd'].map((key) => table.get(key))).toEqual([undefined, 'b', 'c', 'd']);
    expect([table.size, table.evicted]).toEqual([1, 0]);
    table.set('b', 'again');
    table.delete('c');
    expect([table.get('b'), table.get('c'), table.size]).toEqual(['again', undefined, 2]);
  });

  it('stays below its size, first at the cost of ended sessions', () => {
    const table = createSessions({ maxSize: 300 });
    table.set('ended', 'x'.repeat(100));
    table.end('ended');
    table.set('a', 'y'.repeat(100));
    table.set('b', 'z'.repeat(100));
    expect([table.get('ended'), table.size, table.evicted]).toEqual([undefined, 2, 0]);
    table.set('c', 'w'.repeat(100));
    expect([table.get('a'), table.size, table.evicted]).toEqual([undefined, 2, 1]);
    table.set('too large', 'v'.repeat(1000));
    expect([table.size, JSON.stringify(table.save()).length < 400]).toEqual([0, true]);
  });

  it('continues with what it saved, in the same order', () => {
    const table = createSessions({ max: 3 });
    for (const key of ['a', 'b', 'c']) table.set(key, { key });
    table.get('a');
    table.end('b');
    const again = createSessions({ max: 2 }, JSON.parse(JSON.stringify(table.save())));
    expect(again.save()).toEqual(table.save());
    again.set('d', { key: 'd' });
    expect([again.get('c'), again.get('a'), again.get('b')]).toEqual([undefined, { key: 'a' }, { key: 'b' }]);
  });

  it('is empty when what was stored has another version or another form', () => {
    const table = createSessions({});
    table.set('a', 1);
    expect(createSessions({ version: 2 }, table.save()).size).toBe(0);
    for (const stored of [undefined, null, 7, { version: 1 }, { version: 1, open: [['a']], ended: [] }])
      expect(createSessions({}, stored as never).size).toBe(0);
  });
});
