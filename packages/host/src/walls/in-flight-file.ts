import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DispatcherOptions } from '@ihandler/core';

const FILE = 'in-flight';
/** Slots begin at a multiple of this, in bytes. */
const ALIGNMENT = 512;
/** A slot is a byte for the phase, seven unused ones, and the position as a double. */
const SLOT = 16;

/** What a handler does: nothing, a synchronous part of a call, or it has returned a promise. */
const phases = { idle: 0, running: 1, waiting: 2 } as const;

/** Records which handler has which position. */
export type CallRecorder = NonNullable<DispatcherOptions['recorder']>;

/** What a process that has ended left about a handler. */
export interface InFlight {
  readonly instance: string;
  /** The first incident of the delivery; 0 in `start` or `close`. */
  readonly position: number;
  readonly phase: 'running' | 'waiting';
}

interface Slot {
  readonly at: number;
  /** Phase and position of a call that begins. */
  readonly bytes: Buffer;
}

const WAITING = Buffer.of(phases.waiting);
const IDLE = Buffer.of(phases.idle);

/**
 * A file that says which handler has which position at the moment. It survives the death of the process, not that of the
 * machine: it is written without fsync, one `pwrite` for each change.
 */
export class InFlightFile implements CallRecorder {
  readonly #file: string;
  readonly #slots = new Map<string, Slot>();
  #descriptor: number | undefined;

  constructor(dataDir: string) {
    this.#file = join(dataDir, FILE);
  }

  /** Creates the file. Until then nothing is recorded. Throws when it cannot be written. */
  open(instances: readonly string[]): void {
    const header = Buffer.from(`${JSON.stringify({ version: 1, pid: process.pid, instances })}\n`);
    const start = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
    const content = Buffer.alloc(start + instances.length * SLOT);
    header.copy(content);
    const descriptor = openSync(this.#file, 'w', 0o640);
    writeSync(descriptor, content, 0, content.length, 0);
    for (const [index, instance] of instances.entries()) {
      const bytes = Buffer.alloc(SLOT);
      bytes[0] = phases.running;
      this.#slots.set(instance, { at: start + index * SLOT, bytes });
    }
    this.#descriptor = descriptor;
  }

  began(instance: string, position: number): void {
    const slot = this.#slots.get(instance);
    if (slot === undefined) return;
    slot.bytes.writeDoubleLE(position, 8);
    this.#write(slot.bytes, slot.at);
  }

  waits(instance: string): void {
    const slot = this.#slots.get(instance);
    if (slot !== undefined) this.#write(WAITING, slot.at);
  }

  ended(instance: string): void {
    const slot = this.#slots.get(instance);
    if (slot !== undefined) this.#write(IDLE, slot.at);
  }

  /** Where the file is. */
  get path(): string {
    return this.#file;
  }

  /** Closes and removes the file: the process ends as it should. */
  close(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
    rmSync(this.#file, { force: true });
  }

  #write(bytes: Uint8Array, at: number): void {
    if (this.#descriptor === undefined) return;
    try {
      writeSync(this.#descriptor, bytes, 0, bytes.length, at);
    } catch {
      // The disk fails. The delivery is worth more than the record of it.
    }
  }
}

/** What the last process on a data folder left. */
export interface LastRun {
  readonly pid: number;
  readonly inFlight: readonly InFlight[];
}

/** How the file is laid out, for {@link parseInFlight} in another thread. */
export interface InFlightLayout {
  readonly alignment: number;
  readonly slot: number;
}

/** The layout of the file. */
export const LAYOUT: InFlightLayout = { alignment: ALIGNMENT, slot: SLOT };

/**
 * Reads the content of the file; undefined when it cannot be understood. The watchdog's thread runs it from its text: it may
 * use nothing but its arguments.
 */
export function parseInFlight(bytes: Buffer, { alignment, slot }: InFlightLayout): LastRun | undefined {
  try {
    const length = bytes.indexOf('\n') + 1;
    const header: unknown = JSON.parse(bytes.toString('utf8', 0, length));
    // Safe: any key of an object may be read, and each value is checked.
    const { pid, instances } = Object(header) as Readonly<Record<string, unknown>>;
    if (typeof pid !== 'number' || !Array.isArray(instances)) return undefined;
    const start = Math.ceil(length / alignment) * alignment;
    const inFlight = instances.flatMap((instance: unknown, index): InFlight[] => {
      const at = start + index * slot;
      const phase = bytes[at];
      if (typeof instance !== 'string' || (phase !== 1 && phase !== 2)) return [];
      const position = bytes.readDoubleLE(at + 8);
      return [{ instance, position, phase: phase === 1 ? 'running' : 'waiting' }];
    });
    return { pid, inFlight };
  } catch {
    return undefined;
  }
}

/** Reads the file; undefined when there is none, because the last process ended as it should, or it cannot be understood. */
export function readInFlight(dataDir: string): LastRun | undefined {
  try {
    return parseInFlight(readFileSync(join(dataDir, FILE)), LAYOUT);
  } catch {
    return undefined;
  }
}

/** Removes the file of a process that has ended. */
export function removeInFlight(dataDir: string): void {
  rmSync(join(dataDir, FILE), { force: true });
}
