import type { Connection } from '@ihandler/core';

/** What the occupants of rooms call their connections. */
export interface Occupants {
  /** An occupant has left: what one of that name will call its connections has nothing to do with what this one did. */
  left(occupant: string): void;
  /** Keeps what an occupant calls a connection; answers it with an id of its own, or with that under which it was named before. */
  announce(occupant: string, ref: string, connection: Omit<Connection, 'id'>): Connection;
  /** The connection that an occupant means; one that was never announced has only an id. */
  named(occupant: string, ref: string): Connection;
  /** It may mean another one from now on. */
  free(occupant: string, ref: string): void;
}

interface Occupant {
  /** Tells one stay from the next. */
  readonly stay: string;
  readonly connections: Map<string, Connection>;
  /** Counts how often references were used again. */
  uses: number;
}

/** Connections that are remembered of an occupant, and occupants. */
const MOST_CONNECTIONS = 20_000;
const MOST_OCCUPANTS = 5000;

/** The transport of a connection that was named and not announced. */
const UNKNOWN = '';

/** Old speakers name connections by numbers that they use again: an id is the occupant, its stay, and how often. `life` names this run of the program. */
export function createOccupants(life: string): Occupants {
  const occupants = new Map<string, Occupant>();
  let stays = 0;

  function occupantNamed(name: string): Occupant {
    const known = occupants.get(name);
    if (known !== undefined) return known;
    stays += 1;
    const occupant: Occupant = { stay: `${life}.${stays}`, connections: new Map(), uses: 0 };
    const [oldest] = occupants.keys();
    if (occupants.size >= MOST_OCCUPANTS && oldest !== undefined) occupants.delete(oldest);
    occupants.set(name, occupant);
    return occupant;
  }

  function keep({ connections }: Occupant, ref: string, connection: Connection): Connection {
    const [oldest] = connections.keys();
    if (connections.size >= MOST_CONNECTIONS && oldest !== undefined) connections.delete(oldest);
    connections.set(ref, connection);
    return connection;
  }

  function newId(occupant: Occupant, ref: string): string {
    occupant.uses += 1;
    return `${occupant.stay}/${ref}/${occupant.uses}`;
  }

  return {
    left: (name) => {
      occupants.delete(name);
    },
    announce(name, ref, connection) {
      const occupant = occupantNamed(name);
      const known = occupant.connections.get(ref);
      // dionaea links some connections before it announces them.
      const id = known?.transport === UNKNOWN ? known.id : newId(occupant, ref);
      return keep(occupant, ref, { id, ...connection });
    },
    named(name, ref) {
      const occupant = occupantNamed(name);
      const known = occupant.connections.get(ref);
      if (known !== undefined) return known;
      return keep(occupant, ref, {
        id: newId(occupant, ref),
        protocol: '',
        transport: UNKNOWN,
        local: { host: '', port: 0 },
        remote: { host: '', port: 0, hostname: '' },
      });
    },
    free(name, ref) {
      occupants.get(name)?.connections.delete(ref);
    },
  };
}
