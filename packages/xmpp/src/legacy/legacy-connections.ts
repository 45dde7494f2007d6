import type { Connection } from '@ihandler/core';

/** Maps the numbers by which legacy sensors name their connections to connections with unique ids. */
export interface LegacyConnections {
  /** Forgets an occupant that has left: the next occupant of that name uses the same numbers for other connections. */
  forget(occupant: string): void;
  /** Stores an announced connection. Returns it with an id: a new one, or the one that an earlier reference got. */
  announce(occupant: string, ref: string, connection: Omit<Connection, 'id'>): Connection;
  /** The connection that an occupant refers to; one that was never announced has only an id. */
  lookUp(occupant: string, ref: string): Connection;
  /** Frees a number: the occupant may use it for another connection. */
  free(occupant: string, ref: string): void;
}

interface Occupant {
  /** Distinguishes this stay in the room from earlier ones. */
  readonly stay: string;
  readonly connections: Map<string, Connection>;
  /** How many ids were assigned. */
  uses: number;
}

const MAX_CONNECTIONS_EACH = 20_000;
const MAX_OCCUPANTS = 5000;

/** The transport of a connection that was referred to but not announced. */
const UNKNOWN = '';

/**
 * Starts without occupants. Legacy sensors reuse numbers, so an id consists of `life` (unique for each instance of this map),
 * the stay of the occupant, the number, and a counter.
 */
export function createLegacyConnections(life: string): LegacyConnections {
  const occupants = new Map<string, Occupant>();
  let stays = 0;

  function occupantNamed(name: string): Occupant {
    const known = occupants.get(name);
    if (known !== undefined) return known;
    stays += 1;
    const occupant: Occupant = { stay: `${life}.${stays}`, connections: new Map(), uses: 0 };
    const [oldest] = occupants.keys();
    if (occupants.size >= MAX_OCCUPANTS && oldest !== undefined) occupants.delete(oldest);
    occupants.set(name, occupant);
    return occupant;
  }

  function store({ connections }: Occupant, ref: string, connection: Connection): Connection {
    const [oldest] = connections.keys();
    if (connections.size >= MAX_CONNECTIONS_EACH && oldest !== undefined) connections.delete(oldest);
    connections.set(ref, connection);
    return connection;
  }

  function newId(occupant: Occupant, ref: string): string {
    occupant.uses += 1;
    return `${occupant.stay}/${ref}/${occupant.uses}`;
  }

  return {
    forget: (name) => {
      occupants.delete(name);
    },
    announce(name, ref, connection) {
      const occupant = occupantNamed(name);
      const known = occupant.connections.get(ref);
      // dionaea links some connections before it announces them.
      const id = known?.transport === UNKNOWN ? known.id : newId(occupant, ref);
      return store(occupant, ref, { id, ...connection });
    },
    lookUp(name, ref) {
      const occupant = occupantNamed(name);
      const known = occupant.connections.get(ref);
      if (known !== undefined) return known;
      return store(occupant, ref, {
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
