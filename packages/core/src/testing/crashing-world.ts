import type { Checkpoint } from '../contract/checkpoint.ts';
import { failureKind } from '../contract/failure-kind.ts';
import { defineHandler, type Handler, type HandlerContext } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import type { Schema } from '../contract/meaning/schema.ts';
import { createDispatcher } from '../delivery/dispatcher.ts';
import type { Dispatcher } from '../delivery/dispatcher-options.ts';
import { createIncident } from '../incident/create-incident.ts';
import { createDisk } from './disk.ts';

/** How often each thing goes wrong, between 0 and 1. */
export interface Faults {
  /** The process dies at a step. */
  readonly crash: number;
  /** A write commits and then answers with an error. */
  readonly lostReply: number;
  /** A write or a listener fails for a while. */
  readonly busy: number;
  /** An incident cannot be handled by `keeper` until an operator fixes that. */
  readonly poison: number;
  /** An operator fixes it, and retries or drops dead letters or replays. @default 0 */
  readonly operator?: number;
}

const anything: Schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };

/**
 * A machine with a disk and a process that dies at any step: before and after each append, commit, write and listener
 * call. The steps of a dead process never settle, so that nothing follows them.
 */
export class CrashingWorld {
  readonly disk = createDisk();
  /** Rows of the handler that keeps rows with a checkpoint, in the order written. */
  readonly rows: string[] = [];
  /** What the handler without a checkpoint of its own got. */
  readonly sent: string[] = [];
  /** What the listening handler handled. */
  readonly heard: string[] = [];
  lives = 0;
  /** How often an operator did what to how many. */
  readonly done = { retried: 0, dropped: 0, replayed: 0 };
  /** The ids of the dead letters of `keeper` that an operator wanted dropped, also when the process died over it. */
  readonly unwanted = new Set<string>();
  #isPoisonous = true;
  #checkpoint: Record<string, number> = {};
  #epoch = 0;
  #crashed: (() => void) | undefined;
  #random: () => number;
  #faults: Faults;
  readonly #incidents: readonly Incident[];

  constructor(seed: number, count: number, faults: Faults) {
    let state = seed >>> 0;
    this.#random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    this.#faults = faults;
    const kinds = ['want', 'want', 'other', 'plain'];
    this.#incidents = Array.from({ length: count }, (_, i) => {
      const kind =
        this.#random() < faults.poison ? 'poison' : kinds[Math.floor(this.#random() * kinds.length)];
      return createIncident({
        id: `s:${i + 1}`,
        origin: `test.${kind}`,
        timestamp: i,
        sensor: 't',
        data: {},
      });
    });
  }

  get incidents(): readonly Incident[] {
    return this.#incidents;
  }

  /** Whether an operator puts things right meanwhile. */
  get isOperated(): boolean {
    return this.#faults.operator !== undefined;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  /** A point at which the process of `epoch` may die, and after whose death nothing more happens. */
  #step(epoch: number): Promise<void> | undefined {
    if (epoch === this.#epoch && this.#chance(this.#faults.crash)) {
      this.#epoch += 1;
      this.#crashed?.();
    }
    return epoch === this.#epoch ? undefined : new Promise(() => {});
  }

  /** Keeps rows with its checkpoint and reports once for each `want`; poison never fits. */
  #keeper(epoch: number): Handler {
    return defineHandler({
      name: 'keeper',
      accepts: ['test.want', 'test.poison', 'test.plain'],
      reports: { 'test.derived': anything },
      checkpoint: () => ({ ...this.#checkpoint }),
      write: async (batch, checkpoint, context) => {
        await this.#step(epoch);
        if (this.#chance(this.#faults.busy)) throw Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' });
        const isNew = Object.keys(checkpoint).length > 0;
        if (isNew && this.#isPoisonous && batch.some(({ origin }) => origin === 'test.poison'))
          throw new Error('poison');
        for (const cause of batch) {
          if (cause.origin !== 'test.plain') await context.report('test.derived', {}, { cause });
        }
        await this.#step(epoch);
        if (isNew) {
          this.rows.push(...batch.map(({ id }) => id));
          Object.assign(this.#checkpoint, checkpoint);
        }
        await this.#step(epoch);
        if (isNew && this.#chance(this.#faults.lostReply)) throw new Error('the reply was lost');
      },
    });
  }

  #sender(epoch: number): Handler {
    return defineHandler({
      name: 'sender',
      accepts: ['*'],
      write: async (batch) => {
        await this.#step(epoch);
        this.sent.push(...batch.map(({ id }) => id));
        await this.#step(epoch);
      },
    });
  }

  #listener(epoch: number): Handler {
    const hear = async ({ id }: Incident) => {
      await this.#step(epoch);
      if (this.#chance(this.#faults.busy))
        throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      this.heard.push(id);
    };
    return defineHandler({ name: 'listener', on: { 'test.derived': hear, 'test.want': hear } });
  }

  /** Counts in its state what it has handled, one by one or in batches. */
  #counter(epoch: number, name: string, isWriting: boolean): Handler {
    const count = async (batch: readonly Incident[], { state }: HandlerContext): Promise<void> => {
      await this.#step(epoch);
      state.set(Number(state.get() ?? 0) + batch.length);
      await this.#step(epoch);
      if (this.#chance(this.#faults.busy)) throw Object.assign(new Error('busy'), { code: 'EBUSY' });
    };
    return isWriting
      ? defineHandler({ name, accepts: ['*'], write: (batch, _checkpoint, context) => count(batch, context) })
      : defineHandler({ name, on: { '*': (incident, context) => count([incident], context) } });
  }

  async #source(dispatcher: Dispatcher): Promise<void> {
    let next = (await this.disk.journal().highest('s')) ?? 0;
    while (next < this.#incidents.length) {
      const size = 1 + Math.floor(this.#random() * 8);
      await dispatcher.report(this.#incidents.slice(next, next + size));
      next += size;
    }
  }

  /** What an operator does meanwhile; which fails in its own way when a process dies. */
  async #operate(dispatcher: Dispatcher): Promise<void> {
    for (let n = 0; n < 4 && this.#chance(this.#faults.operator ?? 0); n += 1) {
      this.#isPoisonous = this.#chance(0.3);
      const letters = this.disk.deadLetters.filter(({ instance }) => instance === 'keeper');
      // Not what is stored and not acknowledged yet: that would be counted as dropped.
      const open = letters.filter(
        ({ incident: { id } }) => !Object.hasOwn(this.#checkpoint, id.replace(':', '~')),
      );
      const some = open.filter(() => this.#chance(0.5));
      const what = this.#random();
      if (what < 0.5) this.done.retried += (await dispatcher.retryDeadLetters('keeper')).delivered;
      else if (what < 0.6) {
        for (const { incident } of some) this.unwanted.add(incident.id);
        const positions = some.map(({ position }) => position);
        this.done.dropped += await dispatcher.dropDeadLetters('keeper', positions);
      } else {
        const instance = what < 0.8 ? 'keeper' : 'sender';
        await dispatcher.replay({ instance, name: 'again' });
        this.done.replayed += 1;
      }
    }
    this.#isPoisonous = true;
  }

  /** Lives until the process dies or all is handled; true when all is. */
  async live(dataDir: string): Promise<boolean> {
    this.lives += 1;
    const epoch = this.#epoch;
    const crashed = new Promise<false>((resolve) => {
      this.#crashed = () => resolve(false);
    });
    const dispatcher = createDispatcher({
      journal: this.disk.journal(() => this.#step(epoch)),
      handlers: [
        this.#keeper(epoch),
        this.#sender(epoch),
        this.#listener(epoch),
        this.#counter(epoch, 'counter', false),
        this.#counter(epoch, 'tally', true),
      ].map((handler) => ({ handler })),
      sensor: 't',
      dataDir,
      batch: 1 + Math.floor(this.#random() * 8),
      retry: { base: 0, attempts: 2 },
    });
    const finished = (async () => {
      await dispatcher.start();
      const [source, operator] = await Promise.allSettled([
        this.#source(dispatcher),
        this.#operate(dispatcher),
      ]);
      if (source.status === 'rejected') throw source.reason;
      // A failure that passes ends what an operator asked for; he asks again some time.
      if (operator.status === 'rejected' && failureKind(operator.reason) !== 'temporary')
        throw operator.reason;
      await dispatcher.drain();
      await this.#operate(dispatcher).catch((error: unknown) => {
        if (failureKind(error) !== 'temporary') throw error;
      });
      const behind = await dispatcher.drain();
      await dispatcher.close();
      if (behind.length > 0) throw new Error(`stalled: ${JSON.stringify(behind)}`);
      return true;
    })();
    finished.catch(() => undefined); // looked at through the race; a dead process may fail however it likes
    return Promise.race([crashed, finished]);
  }

  /** The checkpoint that the keeper stores. */
  get checkpoint(): Checkpoint {
    return this.#checkpoint;
  }
}
