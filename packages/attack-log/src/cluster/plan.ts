import type { Incident, Origins, Role, RoleMappings } from '@ihandler/core';
import {
  dionaeaConnections,
  isDionaea,
  moreThanDionaea,
  repetitions,
  unannounced,
} from '../rows/dionaea-origins.ts';
import { dionaeaRows, type RowMaker } from '../rows/dionaea-rows.ts';
import { type DetailRole, isDetailRole } from '../rows/role-rows.ts';

/** What the incidents of an origin change. The same for all of them, so it is decided once. */
export interface Plan {
  /** The declarations that apply to the origin. */
  readonly origins: Origins;
  readonly opens: boolean;
  /** The type of the connections that it announces, if it is the same for all; they need not fit a schema then. */
  readonly how: string | undefined;
  readonly links: boolean;
  readonly closes: boolean;
  readonly judges: boolean;
  /** Makes the rows in dionaea's tables. */
  readonly makeRows: RowMaker | undefined;
  /** The roles that become rows of a connection. */
  readonly details: readonly DetailRole[];
  /** Whether an incident without another row is kept as an event. */
  readonly isEvent: boolean;
  /** Whether the connection of an event may be announced later. */
  readonly waits: boolean;
  /** Whether its sensor never announces connections: the first incident that names one does. */
  readonly announces: boolean;
  /** Whether connections may be elsewhere than under `connection`, `parent` and `child`. */
  readonly isMoved: boolean;
}

/** The sensors by the first part of their origins, and whether they announce connections. */
type Roots = ReadonlyMap<string, boolean>;

/** The origins of handlers and of the program: they repeat connections of others. */
const OURS = 'ihandler';
const CONNECTION_NAMES = ['connection', 'parent', 'child'];

const rootOf = (origin: string) => origin.split('.', 1)[0] ?? '';

function rootsOf(origins: Origins): Roots {
  const roots = new Map([['dionaea', true]]);
  for (const [origin, { roles }] of Object.entries(origins.all())) {
    if (roles === undefined) continue;
    const root = rootOf(origin);
    roots.set(root, roots.get(root) === true || Object.hasOwn(roles, 'connection.open'));
  }
  return roots;
}

/** Whether roles find connections elsewhere than under their own names. */
function movedIn(roles: RoleMappings | undefined): boolean {
  return Object.values(roles ?? {}).some((mapping) =>
    CONNECTION_NAMES.some((name) => Object.hasOwn(mapping, name)),
  );
}

function makePlan(declared: Origins, roots: Roots, origin: string): Plan {
  const ofDionaea = isDionaea(origin);
  const isUnknown = ofDionaea && declared.rolesOf(origin).length === 0;
  const origins = isUnknown ? dionaeaConnections : declared;
  const roles = unannounced.has(origin) ? [] : origins.rolesOf(origin);
  const has = (role: Role) => roles.includes(role);
  const probe = { origin, data: { connection: { id: 'any' } } };
  const makeRows = dionaeaRows.get(origin);
  const details = roles.filter(isDetailRole).filter((role) => {
    if (makeRows !== undefined) return moreThanDionaea.get(origin)?.includes(role) === true;
    return !(ofDionaea && role === 'connection.close');
  });
  const root = rootOf(origin);
  return {
    origins,
    opens: has('connection.open'),
    how: origins.factsOf('connection.open', probe as unknown as Incident)?.how,
    links: has('connection.child'),
    closes: has('connection.close'),
    judges: has('verdict'),
    makeRows,
    details,
    isEvent: root !== OURS && !repetitions.has(origin) && !unannounced.has(origin),
    waits: roots.has(root),
    announces: root !== OURS && roots.get(root) === false,
    isMoved: movedIn(origins.all()[origin]?.roles),
  };
}

/** What the incidents of each origin change, with some declarations. */
export interface Plans {
  of(origin: string): Plan;
  /** Whether any declared origin has its connections elsewhere than under their own names. */
  readonly anyMoved: boolean;
}

const plansOf = new WeakMap<Origins, Plans>();

/** The most plans in memory: any sensor may invent origins. */
const MOST_PLANS = 5000;

/** Returns what the incidents of each origin change, with these declarations. */
export function plansFor(origins: Origins): Plans {
  const known = plansOf.get(origins);
  if (known !== undefined) return known;
  const roots = rootsOf(origins);
  const plans = new Map<string, Plan>();
  const made: Plans = {
    anyMoved: Object.values(origins.all()).some(({ roles }) => movedIn(roles)),
    of(origin) {
      let plan = plans.get(origin);
      if (plan !== undefined) return plan;
      plan = makePlan(origins, roots, origin);
      if (plans.size >= MOST_PLANS) plans.clear();
      plans.set(origin, plan);
      return plan;
    },
  };
  plansOf.set(origins, made);
  return made;
}
