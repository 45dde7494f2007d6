import type { Cursor, DeadLetter, Incident, JournalRun, JournalStep } from '@ihandler/core';
import { parseIncidentId } from '@ihandler/core';

/** What a journal holds, said as simply as it can be said: lists and maps, nothing let go, everything at once. */
export function createJournalModel() {
  const entries: Incident[] = [];
  const cursors = new Map<string, Cursor>();
  const letters = new Map<string, Map<number, DeadLetter>>();

  function append(incidents: readonly Incident[]): JournalRun {
    const before = entries.length;
    for (const incident of incidents)
      if (!entries.some(({ id }) => id === incident.id)) entries.push(incident);
    return { before, incidents: entries.slice(before) };
  }

  return {
    append,
    commit({ instance, cursor, deadLetters, reports }: JournalStep): JournalRun {
      cursors.set(instance, cursor);
      const kept = letters.get(instance) ?? new Map<number, DeadLetter>();
      for (const letter of deadLetters) kept.set(letter.position, letter);
      letters.set(instance, kept);
      return append(reports);
    },
    last: () => entries.length,
    read: (after: number, limit: number): readonly Incident[] => entries.slice(after, after + limit),
    highest(stream: string): number | undefined {
      const ordinals = entries.map(({ id }) => parseIncidentId(id));
      const own = ordinals.filter((id) => id.stream === stream).map(({ ordinal }) => ordinal);
      return own.length === 0 ? undefined : Math.max(...own);
    },
    cursor: (instance: string) => cursors.get(instance),
    deadLetters: (instance: string): readonly DeadLetter[] =>
      [...(letters.get(instance)?.values() ?? [])].sort((a, b) => a.position - b.position),
  };
}
