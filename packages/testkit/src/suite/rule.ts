import type { Subject } from './subject.ts';

/** A rule of the contract and its check. */
export interface Rule {
  /** A predicate whose subject is the handler: `can be closed twice`. */
  readonly name: string;
  /** Throws an AssertionError with the expected and actual behaviour. Passes when the handler lacks what the rule is about. */
  check(subject: Subject): Promise<void>;
}
