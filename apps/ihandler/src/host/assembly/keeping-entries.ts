import type { Journal } from '@ihandler/core';

/**
 * The journal for a host that runs only some of the instances: nothing is let go of, since the host cannot know what the
 * others still wait for.
 */
export function keepingEntries(journal: Journal): Journal {
  return {
    name: journal.name,
    durable: journal.durable,
    open: () => journal.open(),
    close: () => journal.close(),
    bounds: () => journal.bounds(),
    append: (incidents, mark) => journal.append(incidents, mark),
    sourceState: (source) => journal.sourceState(source),
    read: (after, limit) => journal.read(after, limit),
    highest: (stream) => journal.highest(stream),
    cursor: (instance) => journal.cursor(instance),
    commit: (step) => journal.commit(step),
    deadLetters: (instance, after, limit) => journal.deadLetters(instance, after, limit),
    release() {},
    acceptedAt: (position) => journal.acceptedAt(position),
    positionBefore: (acceptedAt) => journal.positionBefore(acceptedAt),
    forget: (matches) => journal.forget(matches),
  };
}
