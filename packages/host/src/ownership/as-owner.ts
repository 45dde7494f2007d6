import type { HostPlan } from '../assembly/host-plan.ts';
import { actAsOwner, type Needs } from './act-as-owner.ts';
import { createOwnerKeeper } from './keep-owner.ts';

/** Does work. What root creates meanwhile in a folder of another user gets the owner of that folder. */
export async function keepOwners<T>(plan: HostPlan, work: () => T): Promise<Awaited<T>> {
  const keeper = await createOwnerKeeper(plan);
  try {
    return await work();
  } finally {
    keeper.close();
  }
}

/**
 * Does work as the owner of the data folder, if this process is root's, may act as another user, and the owner can use all
 * that the work needs. Otherwise what root creates gets the owner of its folder, at once with `keep`, which the work gets.
 */
export async function asOwner<T>(
  plan: HostPlan,
  needs: Needs,
  work: (keep: () => void) => Promise<T>,
): Promise<T> {
  const stop = plan.world.actsAsOwner ? await actAsOwner(plan, needs) : undefined;
  const keeper = await createOwnerKeeper(plan, needs.added);
  try {
    return await work(keeper.keep);
  } finally {
    keeper.close();
    stop?.();
  }
}
