/** Counts the messages that are missing between the numbered messages of publishers. */
export interface LossCounter {
  /** Returns how many messages of a publisher are missing before this one. */
  count(publisher: string, number: number): number;
  /** How many are missing in all. */
  total(): number;
}

/** How many publishers are remembered; a publisher gets a new name with each connection. */
const MAX_PUBLISHERS = 10_000;

/** Starts without publishers: what a publisher sent before its first message here is not counted. */
export function createLossCounter(): LossCounter {
  const lastNumbers = new Map<string, number>();
  let total = 0;
  return {
    count(publisher, number) {
      const last = lastNumbers.get(publisher);
      lastNumbers.delete(publisher);
      lastNumbers.set(publisher, Math.max(number, last ?? number));
      const [oldest] = lastNumbers.keys();
      if (lastNumbers.size > MAX_PUBLISHERS && oldest !== undefined) lastNumbers.delete(oldest);
      const missing = last === undefined ? 0 : Math.max(0, number - last - 1);
      total += missing;
      return missing;
    },
    total: () => total,
  };
}
