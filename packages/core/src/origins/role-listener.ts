import type { HandlerContext, Listener, MaybePromise } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import { isRole, type Role } from '../contract/meaning/roles.ts';

const PREFIX = 'role:';

/** The role that a key of `on`, or an item of `accepts`, names: `role:login`. Undefined for a glob. */
export function roleIn(glob: string): string | undefined {
  return glob.startsWith(PREFIX) ? glob.slice(PREFIX.length) : undefined;
}

/**
 * The function to call for the listener of a key of `on`: for `role:<role>` one that passes the incident with the role and its
 * facts, as `context.origins` finds them in the data, and does not call the listener for an incident without the role; for a
 * glob the listener itself.
 */
export function listenerFor(glob: string, listener: Listener): Listener {
  const role = roleIn(glob);
  if (role === undefined || !isRole(role)) return listener;
  return (incident: Incident, context: HandlerContext): MaybePromise<void> => {
    const facts = context.origins.factsOf(role satisfies Role, incident);
    return facts === undefined
      ? undefined
      : listener(Object.freeze({ ...incident, role, facts }) as Incident, context);
  };
}
