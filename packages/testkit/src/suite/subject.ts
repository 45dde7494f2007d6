import { type Handler, type Incident, isWriting, type MaybePromise } from '@ihandler/core';
import { incident } from '../incident.ts';
import { foreignOriginsFor, knownOriginsFor } from './globs.ts';
import { type HandlerFactory, inWorld, type World } from './world.ts';

/**
 * Reads what a handler has stored in a folder, in a form that can be compared deeply: rows, or their number. The handler may be
 * running, closed or dead. Leave out values that differ on each run, such as the time at which a row was written.
 */
export type StoredProbe = (folder: string) => MaybePromise<unknown>;

/** The handler under test, as the rules see it. */
export interface Subject {
  readonly factory: HandlerFactory;
  readonly stored: StoredProbe | undefined;
  /** Milliseconds without progress after which the handler counts as stuck. */
  readonly patience: number;
  /** Runs a part of a rule in a world of its own. */
  inWorld(run: (world: World) => Promise<void>): Promise<void>;
  /** Reads a property of a handler that is never started. */
  inspect<T>(look: (handler: Handler) => T): Promise<T>;
  /** Whether the handler has a checkpoint. */
  keepsCheckpoint(): Promise<boolean>;
  /** The origins of which it handles an ordinary incident without failing. A rule of its own tests the others. */
  usable(): Promise<readonly string[]>;
  /** `count` ordinary incidents of all usable origins in turn, with rising ids of a stream; none when no origin is usable. */
  sample(count: number, from?: number, stream?: string): Promise<readonly Incident[]>;
}

/** An ordinary incident of an origin. */
export function ordinary(origin: string, ordinal: number, stream = 'conformance'): Incident {
  return incident(origin, {}, { id: `${stream}:${ordinal}` });
}

/** Makes the subject of the rules: the handlers of a factory. */
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

/** Ordinary incidents of every usable origin, and a second one of some. */
export async function sampleOfAll({ usable, sample }: Subject): Promise<readonly Incident[]> {
  return sample((await usable()).length + 4);
}
