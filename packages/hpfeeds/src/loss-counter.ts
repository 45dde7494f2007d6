/** Counts what is missing between the messages of publishers that number them. */
export interface LossCounter {
  count(publisher: string, number: number): void;
}

/** How many publishers are remembered; each makes a new one of itself whenever it connects. */
const REMEMBERED = 10_000;

/** `onLoss` is told of each gap: how many were missing, and how many in all. What was sent before we first heard of a publisher is not counted. */
export function createLossCounter(
  onLoss: (publisher: string, count: number, total: number) => void,
): LossCounter {
  const last = new Map<string, number>();
  let total = 0;
  return {
    count(publisher, number) {
      const before = last.get(publisher);
      last.delete(publisher);
      last.set(publisher, Math.max(number, before ?? number));
      const [oldest] = last.keys();
      if (last.size > REMEMBERED && oldest !== undefined) last.delete(oldest);
      if (before === undefined || number <= before + 1) return;
      total += number - before - 1;
      onLoss(publisher, number - before - 1, total);
    },
  };
}
