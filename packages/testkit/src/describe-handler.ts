import { deliveryRules } from './rules/delivery.ts';
import { identityRules } from './rules/identity.ts';
import { lifeCycleRules } from './rules/life-cycle.ts';
import { operatorRules } from './rules/operator.ts';
import { reportRules } from './rules/reports.ts';
import { resilienceRules } from './rules/resilience.ts';
import { storageRules } from './rules/storage.ts';
import { PATIENCE } from './suite/in-time.ts';
import { createSubject, type StoredProbe } from './suite/subject.ts';
import type { HandlerFactory } from './suite/world.ts';

/** The function of a test runner that defines a test: `it` of vitest, `node:test`, jest and others. */
export type It = (name: string, run: () => Promise<void>) => unknown;

/** Options of {@link describeHandler}. */
export interface DescribeOptions {
  /** Reads what a handler has stored. Adds the rules that need it. */
  readonly stored?: StoredProbe;
  /** Milliseconds without progress after which the handler counts as stuck. @default 10000 */
  readonly patience?: number;
}

/**
 * Defines one test for each rule of the contract. A rule about an optional member passes if the handler lacks the
 * member. Each rule runs with a dispatcher of core in new folders under the temporary folder of the system.
 * `context.fetch` answers every request with 200 and `{}`.
 */
export function describeHandler(
  it: It,
  factory: HandlerFactory,
  { stored, patience = PATIENCE }: DescribeOptions = {},
): void {
  const subject = createSubject(factory, patience, stored);
  const rules = [
    ...identityRules,
    ...lifeCycleRules,
    ...operatorRules,
    ...resilienceRules,
    ...deliveryRules,
    ...reportRules,
    ...(stored === undefined ? [] : storageRules(stored)),
  ];
  for (const { name, check } of rules) it(name, () => check(subject));
}
