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

/** A test runner's way to say a test: `it` of vitest, `node:test`, jest and others. */
export type It = (name: string, run: () => Promise<void>) => unknown;

/** What {@link describeHandler} can be told beside the factory. */
export interface DescribeOptions {
  /** Lets the suite look at what a handler has stored, and adds the rules that need it. */
  readonly stored?: StoredProbe;
  /** How long the handler may do nothing before it counts as stuck, in milliseconds. @default 10000 */
  readonly patience?: number;
}

/**
 * Says one test for each rule that a handler has to keep. What a handler can do is read from the handler: a rule on
 * something that it does not do holds. Everything happens in folders of its own under the system's folder for temporary
 * files, with a dispatcher of core; `context.fetch` answers 200 and `{}`.
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
