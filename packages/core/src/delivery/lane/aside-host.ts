import type { Handler, HandlerContext, MaybePromise } from '../../contract/handler.ts';
import type { Incident } from '../../contract/incident.ts';
import type { Journal } from '../../contract/journal.ts';
import type { Reached } from '../../routing/router.ts';
import type { RetryPolicy } from '../../timing/retry.ts';
import type { Attempts } from './attempt.ts';
import type { DeliveryHost } from './deliver.ts';
import type { LaneCursor } from './lane-cursor.ts';

/** What work between deliveries needs of its lane. */
export interface AsideHost {
  readonly handler: Handler;
  readonly context: HandlerContext;
  readonly journal: Journal;
  readonly ledger: LaneCursor;
  readonly attempts: Attempts;
  readonly retry: Required<RetryPolicy>;
  /** The most incidents at once. */
  readonly batch: number;
  /** What an incident reaches in this lane now; undefined when it is not for it. */
  reach(incident: Incident): Reached | undefined;
  /** Makes the lane's own counts durable; throws only when the lane is stopped. */
  commit(): MaybePromise<void>;
  /** Makes a ledger of this instance durable, in the same way. */
  commitOf(ledger: LaneCursor): MaybePromise<void>;
  aside<T>(job: () => Promise<T>): Promise<T>;
  enter: DeliveryHost['enter'];
}
