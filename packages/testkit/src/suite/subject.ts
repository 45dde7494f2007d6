import { type Handler, type Incident, isWriting, type MaybePromise } from '@ihandler/core';
import { incident } from '../incident.ts';
import { foreignOriginsFor, knownOriginsFor } from './globs.ts';
import { type HandlerFactory, inWorld, type World } from './world.ts';

/**
 * Reads what a handler has stored in a folder, in a form that can be compared deeply: rows, or just how many. The handler
 * may be running, closed or dead. What is different each time, such as when a row was written, must be left out.
 */
export type StoredProbe = (folder: string) => MaybePromise<unknown>;

/** What the rules are about. */
export interface Subject {
  readonly factory: HandlerFactory;
  readonly stored: StoredProbe | undefined;
  /** How long the handler may do nothing before it counts as stuck, in milliseconds. */
  readonly patience: number;
  /** A world of its own for a part of a rule. */
  inWorld(run: (world: World) => Promise<void>): Promise<void>;
  /** Looks at a handler that is never started. */
  inspect<T>(look: (handler: Handler) => T): Promise<T>;
  /** Whether it has a checkpoint of its own. */
  keepsCheckpoint(): Promise<boolean>;
  /** The origins that it takes an ordinary incident of without failing; others are for a rule of their own. */
  usable(): Promise<readonly string[]>;
  /** So many ordinary incidents, of all usable origins in turn, with rising ids of the stream `stream`; none where it takes none. */
  sample(count: number, from?: number, stream?: string): Promise<readonly Incident[]>;
}

/** An ordinary incident of an origin. */
export function ordinary(origin: string, ordinal: number, stream = 'conformance'): Incident {
  return incident(origin, {}, { id: `${stream}:${ordinal}` });
}

/** What the rules are about: the handlers that a factory makes. */
export function createSubject(factory: HandlerFactory, patience: number, stored?: StoredProbe): Subject {
  let found: Promise<readonly string[]> | undefined;

  async function inspect<T>(look: (handler: Handler) => T): Promise<T> {
    const results: T[] = [];
    await inWorld(factory, patience, async ({ folder }) => {
      results.push(look(await factory(folder)));
    });
    // Safe: the world has run, or has thrown.
    return results[0] as T;
  }

  async function findUsable(): Promise<readonly string[]> {
    const wanted = await inspect((handler) => [...knownOriginsFor(handler), ...foreignOriginsFor(handler)]);
    const usable: string[] = [];
    await inWorld(factory, patience, async (world) => {
      const life = await world.live();
      const tried = wanted.map((origin, index) => ordinary(origin, index + 1));
      await life.deliver(tried);
      usable.push(
        ...tried.filter((each) => life.fateOf(each).kind === 'handled').map(({ origin }) => origin),
      );
    });
    return usable;
  }

  async function usable(): Promise<readonly string[]> {
    found ??= findUsable();
    return found;
  }

  return {
    factory,
    stored,
    patience,
    inWorld: (run) => inWorld(factory, patience, run),
    inspect,
    keepsCheckpoint: () => inspect((handler) => isWriting(handler) && handler.checkpoint !== undefined),
    usable,
    async sample(count, from = 1, stream) {
      const origins = await usable();
      return Array.from({ length: count }, (_, index) => from + index).flatMap((ordinal) => {
        const origin = origins[(ordinal - 1) % origins.length];
        return origin === undefined ? [] : [ordinary(origin, ordinal, stream)];
      });
    },
  };
}

/** Ordinary incidents of everything that a handler takes, some of it twice. */
export async function sampleOfAll({ usable, sample }: Subject): Promise<readonly Incident[]> {
  return sample((await usable()).length + 4);
}
