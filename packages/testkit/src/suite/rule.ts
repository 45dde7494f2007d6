import type { Subject } from './subject.ts';

/** A law of the contract, and how to see whether a handler keeps it. */
export interface Rule {
  /** A sentence whose subject is the handler. */
  readonly name: string;
  /** Throws an AssertionError that says what was expected and found. A rule about what a handler does not do holds. */
  check(subject: Subject): Promise<void>;
}
