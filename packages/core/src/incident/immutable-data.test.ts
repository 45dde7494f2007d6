import { describe, expect, it } from 'vitest';
import { immutable, plainCopy } from './immutable-data.ts';

const bytes = () => Uint8Array.of(1, 2, 3);

describe('immutable data', () => {
  it('keeps its bytes whoever changes a copy, in objects, lists and at any depth', () => {
    const data = immutable({ bytes: bytes(), list: [bytes(), { deep: bytes() }] });
    for (const copy of [data.bytes, data.list[0] as Uint8Array]) copy.fill(0);
    expect(data).toEqual({ bytes: bytes(), list: [bytes(), { deep: bytes() }] });
  });

  it('does not share memory with the bytes that it was made of', () => {
    const source = Buffer.from('a large chunk of a file');
    const data = immutable({ text: source.subarray(2, 7) as Uint8Array });
    source.fill(0);
    expect(Buffer.from(data.text).toString()).toBe('large');
    expect(data.text).toBeInstanceOf(Uint8Array);
    expect(Buffer.isBuffer(data.text)).toBe(false);
  });

  it('copies what was frozen before but can be changed inside', () => {
    const inner = { count: 1 };
    const raw = bytes();
    const data = immutable(Object.freeze({ inner, list: Object.freeze([raw]) }));
    expect(() => {
      inner.count = 2;
    }).toThrow(TypeError);
    raw.fill(0);
    expect(data).toEqual({ inner: { count: 1 }, list: [bytes()] });
    expect(Object.isFrozen(data.inner)).toBe(true);
  });

  it('returns copies of bytes to objects that inherit from it', () => {
    const data = immutable({ bytes: bytes() });
    const heir: { bytes: Uint8Array } = Object.create(data);
    heir.bytes.fill(0);
    expect(heir.bytes).toEqual(bytes());
    expect(Reflect.ownKeys(data)).toEqual(['bytes']);
  });

  it('stays the same object when it was immutable', () => {
    const data = immutable({ bytes: bytes(), inner: { list: [1] } });
    expect(immutable(data)).toBe(data);
    expect(immutable({ data }).data).toBe(data);
  });

  it('keeps own keys such as __proto__', () => {
    const parsed: object = JSON.parse('{"__proto__":{"a":1}}');
    const frozen = Object.freeze(
      Object.defineProperty({ raw: bytes() }, '__proto__', { value: 1, enumerable: true }),
    );
    expect(Object.keys(immutable(parsed))).toEqual(['__proto__']);
    expect(Object.keys(immutable(frozen))).toEqual(['raw', '__proto__']);
  });

  it('is rejected when it contains itself', () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    const rejected = expect.objectContaining({ code: 'INCIDENT_INVALID' });
    expect(() => immutable(circle)).toThrow(rejected);
    expect(() => plainCopy(circle)).toThrow(rejected);
    expect(() => immutable(Object.freeze(circle))).toThrow(rejected);
  });
});
