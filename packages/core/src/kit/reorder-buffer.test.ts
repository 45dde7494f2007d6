import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReorderBuffer, type SequencedMessage } from './reorder-buffer.ts';

const none = async () => undefined;

function chain(stream: string, ordinals: readonly number[]): SequencedMessage[] {
  return ordinals.map((ordinal, at) => ({ stream, ordinal, after: at === 0 ? undefined : ordinals[at - 1] }));
}

describe('the reorder buffer', () => {
  it('releases messages in the order of their publishers, whatever order they arrived in', async () => {
    const streams = fc.array(fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(streams, fc.infiniteStream(fc.nat()), async (ordinals, random) => {
        const chains = ordinals.map((list, at) =>
          chain(
            `s${at}`,
            list.toSorted((a, b) => a - b),
          ),
        );
        // The first message of a stream names no predecessor, so it arrives first.
        const rest = chains.flatMap(([, ...others]) => others);
        const mixed = [...chains.flatMap(([first]) => first ?? []), ...shuffled(rest, random)];
        const buffer = createReorderBuffer<SequencedMessage>(none, 60_000);
        const out: SequencedMessage[] = [];
        for (const message of mixed) out.push(...(await buffer.add(message, 0)));
        expect(buffer.pending()).toEqual([]);
        for (const list of chains)
          expect(out.filter(({ stream }) => stream === list[0]?.stream)).toEqual(list);
      }),
    );
  });

  it('starts after the highest ordinal in the journal when this process has not seen the stream', async () => {
    const buffer = createReorderBuffer<SequencedMessage>(async () => 10, 60_000);
    expect(await buffer.add({ stream: 's', ordinal: 12, after: 10 }, 0)).toHaveLength(1);
    expect(await buffer.add({ stream: 's', ordinal: 20, after: 15 }, 0)).toEqual([]);
    expect(await buffer.add({ stream: 's', ordinal: 15, after: 12 }, 0)).toHaveLength(2);
  });

  it('releases a duplicate at once', async () => {
    const buffer = createReorderBuffer<SequencedMessage>(async () => 10, 60_000);
    expect(await buffer.add({ stream: 's', ordinal: 9, after: 8 }, 0)).toHaveLength(1);
  });

  it('releases a message that has waited for the maximum time', async () => {
    const buffer = createReorderBuffer<SequencedMessage>(none, 1000);
    for (const message of chain('s', [1, 2, 3, 4]).slice(1)) expect(await buffer.add(message, 5)).toEqual([]);
    expect(buffer.expire(1004)).toEqual([]);
    expect(buffer.expire(1005).map(({ ordinal }) => ordinal)).toEqual([2, 3, 4]);
    expect(buffer.pending()).toEqual([]);
  });

  it('holds ten thousand messages and releases the lowest of the stream beyond that', async () => {
    const buffer = createReorderBuffer<SequencedMessage>(none, 1e9);
    const out: number[] = [];
    for (let at = 1; at <= 10_005; at += 1)
      for (const { ordinal } of await buffer.add({ stream: 's', ordinal: at * 10, after: at * 10 - 1 }, 0))
        out.push(ordinal);
    expect(buffer.pending()).toHaveLength(10_000);
    expect(out).toEqual([10, 20, 30, 40, 50]);
  });
});

function shuffled<T>(list: readonly T[], random: fc.Stream<number>): T[] {
  const left = [...list];
  const out: T[] = [];
  while (left.length > 0) {
    const [next] = random.take(1);
    out.push(...left.splice((next ?? 0) % left.length, 1));
  }
  return out;
}
