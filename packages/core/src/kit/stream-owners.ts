import { createHash } from 'node:crypto';
import type { Value } from '../contract/incident.ts';

/** Who may bring incidents of a stream where many speak: whoever brought the first. */
export interface StreamOwners {
  /**
   * Whether a stream is this speaker's, who becomes its owner if it has none. What a stream's incidents were reported for
   * and its dead letters that were tried again (`<stream>/…`, `<stream>~…`) belong to whom the stream belongs.
   */
  admits(stream: string, speaker: string): boolean;
  /** What to keep together with the incidents (`state` of a report), for {@link createStreamOwners} after a restart. */
  kept(): Value;
}

/** How many streams are remembered, and how many of one speaker. */
const MOST = 10_000;
const MOST_EACH = 200;
/** Characters of a hash in base64url: 72 bits. */
const LENGTH = 12;

function short(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, LENGTH);
}

/** The stream that a handler's reports and tried dead letters come from. */
function rootOf(stream: string): string {
  const end = stream.search(/[/~]/);
  return end > 0 ? stream.slice(0, end) : stream;
}

/**
 * Goes on with what was kept. Ids are made to be the same on every hop, so whoever has heard one could use it for incidents
 * of its own, and those of the stream's real source would pass for known. Of each speaker the 200 streams are remembered
 * that it used last. Beyond 10,000 in all, those who have most lose theirs first, so that nobody drives out others.
 */
export function createStreamOwners(kept?: Value): StreamOwners {
  /** Of each speaker its streams, the one used last at the end; both as hashes. */
  const streams = new Map<string, Set<string>>();
  const owners = new Map<string, string>();

  function give(stream: string, speaker: string): void {
    const own = streams.get(speaker) ?? new Set();
    streams.set(speaker, own);
    own.delete(stream);
    own.add(stream);
    owners.set(stream, speaker);
    if (own.size > MOST_EACH) forgetOldest(speaker, own);
    if (owners.size <= MOST) return;
    let [richest, most] = [speaker, own];
    for (const [each, theirs] of streams) if (theirs.size > most.size) [richest, most] = [each, theirs];
    forgetOldest(richest, most);
  }

  function forgetOldest(speaker: string, own: Set<string>): void {
    const [oldest] = own;
    if (oldest === undefined) return;
    own.delete(oldest);
    owners.delete(oldest);
    if (own.size === 0) streams.delete(speaker);
  }

  if (typeof kept === 'object' && kept !== null)
    for (const [speaker, list] of Object.entries(kept))
      for (let at = 0; typeof list === 'string' && at + LENGTH <= list.length; at += LENGTH)
        give(list.slice(at, at + LENGTH), speaker);

  return {
    admits(stream, speaker) {
      const [whose, who] = [short(rootOf(stream)), short(speaker)];
      const owner = owners.get(whose);
      if (owner !== undefined && owner !== who) return false;
      give(whose, who);
      return true;
    },
    kept: () => Object.fromEntries([...streams].map(([speaker, own]) => [speaker, [...own].join('')])),
  };
}
