import { createHash } from 'node:crypto';
import type { Value } from '../contract/incident.ts';

/** Records which publisher owns each stream where many publish: the one that published its first incident. */
export interface StreamOwners {
  /**
   * Whether a stream belongs to a publisher; a stream without an owner becomes this publisher's. Streams derived from
   * another one (`<stream>/…` of reports, `<stream>~…` of retried dead letters) belong to its owner.
   */
  claim(stream: string, publisher: string): boolean;
  /** Whether a stream, or the one that it derives from, has an owner. */
  isOwned(stream: string): boolean;
  /** What to store with the incidents (`state` of a report), for {@link createStreamOwners} after a restart. */
  snapshot(): Value;
}

/** How many streams are remembered, in all and of one publisher. */
const MAX_STREAMS = 10_000;
const MAX_STREAMS_EACH = 200;
/** Characters of a hash in base64url: 72 bits. */
const HASH_LENGTH = 12;

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}

/** The stream that reports and retried dead letters derive from. */
function rootOf(stream: string): string {
  const end = stream.search(/[/~]/);
  return end > 0 ? stream.slice(0, end) : stream;
}

/**
 * Starts from a snapshot. Ids are the same on every hop, so a publisher could reuse an id that it has read for an incident
 * of its own, and the real one would then count as a duplicate. Each publisher keeps the 200 streams it used last. Beyond
 * 10,000 streams in all, the publishers with the most streams lose their oldest first, so that one cannot displace another.
 * With `publishers`, the streams of all others in the snapshot are without an owner.
 */
export function createStreamOwners(snapshot?: Value, publishers?: readonly string[]): StreamOwners {
  const present = publishers && new Set(publishers.map(hashOf));
  /** The streams of each publisher, the last used one at the end; both as hashes. */
  const streams = new Map<string, Set<string>>();
  const owners = new Map<string, string>();

  function assign(stream: string, publisher: string): void {
    const own = streams.get(publisher) ?? new Set();
    streams.set(publisher, own);
    own.delete(stream);
    own.add(stream);
    owners.set(stream, publisher);
    if (own.size > MAX_STREAMS_EACH) forgetOldest(publisher, own);
    if (owners.size <= MAX_STREAMS) return;
    let [largest, most] = [publisher, own];
    for (const [each, theirs] of streams) if (theirs.size > most.size) [largest, most] = [each, theirs];
    forgetOldest(largest, most);
  }

  function forgetOldest(publisher: string, own: Set<string>): void {
    const [oldest] = own;
    if (oldest === undefined) return;
    own.delete(oldest);
    owners.delete(oldest);
    if (own.size === 0) streams.delete(publisher);
  }

  if (typeof snapshot === 'object' && snapshot !== null)
    for (const [publisher, list] of Object.entries(snapshot).filter(([name]) => present?.has(name) ?? true))
      for (let at = 0; typeof list === 'string' && at + HASH_LENGTH <= list.length; at += HASH_LENGTH)
        assign(list.slice(at, at + HASH_LENGTH), publisher);

  return {
    isOwned: (stream) => owners.has(hashOf(rootOf(stream))),
    claim(stream, publisher) {
      const [root, claimant] = [hashOf(rootOf(stream)), hashOf(publisher)];
      const owner = owners.get(root);
      if (owner !== undefined && owner !== claimant) return false;
      assign(root, claimant);
      return true;
    },
    snapshot: () =>
      Object.fromEntries([...streams].map(([publisher, own]) => [publisher, [...own].join('')])),
  };
}
