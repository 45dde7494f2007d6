import {
  type Cursor,
  type DeadLetter,
  type ForgetResult,
  type Incident,
  type JournalRun,
  type JournalStep,
  parseIncidentId,
  type SourceMark,
  type Value,
} from '@ihandler/core';
import { forgottenOf } from './journal-samples.ts';

/** The simplest model of a journal: lists and maps, without deletion, in one step. */
export function createJournalModel() {
  const entries: Incident[] = [];
  const cursors = new Map<string, Cursor>();
  const letters = new Map<string, Map<number, DeadLetter>>();
  const states = new Map<string, Value>();

  function append(incidents: readonly Incident[], mark?: SourceMark): JournalRun {
    const before = entries.length;
    if (mark !== undefined) states.set(mark.source, mark.state);
    for (const incident of incidents)
      if (!entries.some(({ id }) => id === incident.id)) entries.push(incident);
    return { before, incidents: entries.slice(before) };
  }

  return {
    append,
    commit({ instance, cursor, deadLetters, settled = [], reports }: JournalStep): JournalRun {
      cursors.set(instance, cursor);
      const kept = letters.get(instance) ?? new Map<number, DeadLetter>();
      for (const position of settled) kept.delete(position);
      for (const letter of deadLetters) kept.set(letter.position, letter);
      letters.set(instance, kept);
      return append(reports);
    },
    /** `kept`: the position before the oldest remaining entry. */
    forget(matches: (incident: Incident) => boolean, kept: number): ForgetResult {
      const forgotten = { entries: 0, deadLetters: 0 };
      for (const [index, incident] of entries.entries()) {
        if (index < kept || !matches(incident)) continue;
        entries[index] = forgottenOf(incident);
        forgotten.entries += 1;
      }
      for (const [instance, own] of letters)
        for (const [position, { incident }] of own) {
          const cursor = cursors.get(instance);
          if (cursor === undefined || !matches(incident)) continue;
          own.delete(position);
          forgotten.deadLetters += 1;
          const { dead, dropped } = cursor.counts;
          cursors.set(instance, {
            ...cursor,
            counts: { ...cursor.counts, dead: dead - 1, dropped: dropped + 1 },
          });
        }
      return forgotten;
    },
    sourceState: (source: string) => states.get(source),
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
