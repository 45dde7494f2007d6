import { createHash } from 'node:crypto';
import {
  escapeControls,
  type Incident,
  parseIncidentId,
  type SourceContext,
  type SourceReportOptions,
} from '@ihandler/core';
import { createStreamOwners, isRecord } from '@ihandler/core/kit';
import type { Client } from './clients.ts';

/** Why an incident with a valid form is not stored. */
export interface Conflict {
  readonly reason: string;
  /** `id-taken`, `ordinal-falls` or `foreign-stream`. */
  readonly code: string;
}

/** Protects the streams of a port whose clients choose ids. */
export interface StreamGuard<C extends Client> {
  /**
   * The options with which to report incidents of a client. The report adds the incidents that it refuses to `conflicts`. A stream
   * without an owner becomes the client's.
   */
  compare(
    incidents: readonly Incident[],
    client: C,
    conflicts: Map<Incident, Conflict>,
  ): Promise<SourceReportOptions>;
  /** Call it when a report with these options is durable. */
  stored(options: SourceReportOptions): void;
}

type Why = Parameters<NonNullable<SourceReportOptions['onConflict']>>[0]['why'];

const conflictOf: Readonly<Record<Why, (id: string, stream: string) => Conflict>> = {
  different: (id) => ({
    code: 'id-taken',
    reason: `Expected the incident that is stored with the id ${id}, found another one with this id.`,
  }),
  behind: (id, stream) => ({
    code: 'ordinal-falls',
    reason: `Expected ordinals that rise in the stream ${stream}, found ${id} after a higher one.`,
  }),
  barred: (id, stream) => ({
    code: 'foreign-stream',
    reason: `Expected ${id} from the client that began the stream ${stream}, found another client.`,
  }),
};

/**
 * The name of a client as an owner. With a sensor of its own it outlives its token; clients that may post for any sensor differ
 * by their tokens, and all clients without a token are one.
 */
function identityOf({ token, sensor }: Client): string {
  if (sensor !== undefined) return `sensor ${sensor}`;
  return token === undefined ? '' : `token ${createHash('sha256').update(token).digest('hex')}`;
}

function ownersIn(state: unknown) {
  return isRecord(state) && isRecord(state['owners']) ? state['owners'] : {};
}

/** Creates the guard, from the owners that the source has stored. */
export async function createStreamGuard<C extends Client>(
  clients: readonly C[],
  context: SourceContext,
): Promise<StreamGuard<C>> {
  // Safe: the source stored a snapshot there.
  const snapshot = ownersIn(await context.state()) as ReturnType<
    ReturnType<typeof createStreamOwners>['snapshot']
  >;
  const owners = createStreamOwners(snapshot, clients.map(identityOf));
  /** How many streams have been claimed, and how many of the claims are stored. */
  const claims = { made: 0, stored: 0 };
  const snapshots = new WeakMap<SourceReportOptions, number>();

  /** The newest incident of a stream without an owner: of a stream of this machine, or of one whose owner was forgotten. */
  async function mayBegin(stream: string, { sensor }: Client): Promise<boolean> {
    const newest = await context.newestOf?.(stream);
    if (newest === undefined) return true;
    if (newest.local === true || newest.sensor === context.sensor) return false;
    return sensor === undefined || newest.sensor === sensor;
  }

  async function mayAdd(stream: string, client: C): Promise<boolean> {
    const identity = identityOf(client);
    if (owners.isOwned(stream)) return owners.claim(stream, identity);
    const root = stream.replace(/[/~].*/s, '');
    let key = stream;
    if (!(await mayBegin(root, client))) {
      // What another machine reports about an incident of this one, which comes back.
      key = stream.replace(/[/~]/g, '|');
      if (key === stream) return false;
      if (owners.isOwned(key)) return owners.claim(key, identity);
      if ((await context.newestOf?.(stream)) !== undefined) return false;
    }
    claims.made += 1;
    return owners.claim(key, identity);
  }

  return {
    async compare(incidents, client, conflicts) {
      const verdicts = new Map<string, boolean>();
      const barred = new Set<Incident>();
      for (const incident of incidents) {
        const { stream } = parseIncidentId(incident.id);
        const verdict = verdicts.get(stream) ?? (await mayAdd(stream, client));
        verdicts.set(stream, verdict);
        if (!verdict) barred.add(incident);
      }
      const options: SourceReportOptions = {
        rising: true,
        barred,
        onConflict({ incident, why }) {
          const { stream } = parseIncidentId(incident.id);
          const { reason, code } = conflictOf[why](incident.id, stream);
          conflicts.set(incident, { code, reason: escapeControls(reason).slice(0, 500) });
        },
        ...(claims.made > claims.stored && { state: { owners: owners.snapshot() } }),
      };
      snapshots.set(options, claims.made);
      return options;
    },
    stored(options) {
      claims.stored = Math.max(claims.stored, snapshots.get(options) ?? 0);
    },
  };
}
