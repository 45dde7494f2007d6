/** One end of a connection. */
export interface Endpoint {
  /**
   * The address as the sensor wrote it: an IPv4-mapped `::ffff:192.0.2.1` stays as it is. `''` when it is unknown, as for the
   * remote end of a listener.
   */
  readonly host: string;
  /** 0 when it is unknown. */
  readonly port: number;
}

/** The remote end of a connection. */
export interface RemoteEndpoint extends Endpoint {
  /** The name that the sensor connected to; `''` when there was none, `null` when the sensor wrote null (old versions). */
  readonly hostname: string | null;
}

/** A connection of a sensor: a value in `data` with an identity. Attacks are trees of connections. */
export interface Connection {
  /** Unique among the open connections of one sensor. Old sensors reuse it after the connection is closed. */
  readonly id: string;
  /** The service or client of the sensor: `smbd`, `httpd`, `remoteshell`, … */
  readonly protocol: string;
  /** `tcp`, `udp`, `tls`, `dtls`, … */
  readonly transport: string;
  readonly local: Endpoint;
  readonly remote: RemoteEndpoint;
}

/** Plain data of any depth. Text that an attacker sent is bytes where it is not valid UTF-8. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Connection
  | readonly Value[]
  | { readonly [key: string]: Value };

/** The data of an incident whose origin has no schema, or whose data does not fit the schema. */
export type UntypedData = { readonly [key: string]: Value };

/**
 * The type of the data of each origin that has one. A package adds the origins that it declares by declaration merging (see
 * `OriginMap` in `@ihandler/core/origins`):
 *
 * ```ts
 * declare module '@ihandler/core' {
 *   interface IncidentMap {
 *     'acme.thing.seen': { readonly what: string };
 *   }
 * }
 * ```
 */
export interface IncidentMap {
  'ihandler.handler.failed': {
    readonly instance: string;
    readonly handler: string;
    readonly origin?: string;
    readonly incident?: string;
    readonly message: string;
    readonly attempts: number;
  };
  'ihandler.incident.forgotten': { readonly [key: string]: Value };
}

/** The origins whose data has a type. */
export type Origin = keyof IncidentMap & string;

/**
 * Something that happened at a sensor: plain data, made by {@link createIncident}, that nothing can change. Objects and lists
 * are deeply frozen. Bytes cannot be frozen: each access to a `Uint8Array` in `data` returns a new copy, so read it once.
 */
export interface Incident<O extends string = string> {
  /** `<stream>:<ordinal>`: where the incident came from. Every hop keeps it. See {@link parseIncidentId}. */
  readonly id: string;
  /** A dotted path such as `dionaea.connection.tcp.accept`: letters, digits, `_`, `-` and dots. */
  readonly origin: O;
  /** Milliseconds since the Unix epoch, fractions kept. */
  readonly timestamp: number;
  /** The name of the sensor that observed it. */
  readonly sensor: string;
  /** An attacker wrote it: do not trust any of it. */
  readonly data: O extends Origin ? IncidentMap[O] : UntypedData;
  /**
   * Present when the files that `data` names are on this machine. Only the source that read the incident sets it, and no hop
   * passes it on (see `receiveIncident`). Without it, a handler must not open any path in `data`.
   */
  readonly local?: true;
  /** Present when `data` does not fit the schema of the origin: the reason. Such an incident reaches only the glob `*`. */
  readonly misfit?: string;
}

type Template<P extends string> = P extends `${infer Head}*${infer Tail}`
  ? `${Head}${string}${Template<Tail>}`
  : P;
type OriginsOf<P extends string> = Extract<Origin, Template<P>>;
/** Packages of this family add origins under the root `ihandler`, and not every program sees their types. */
type OpenRoot = 'ihandler';
type KnownRoot = Exclude<
  Origin extends infer O ? (O extends `${infer Root}.${string}` ? Root : never) : never,
  OpenRoot
>;

/**
 * What a glob selects: a union that narrows on `origin`. It is untyped for `*` and for globs under an unknown root or under
 * `ihandler.` that match no typed origin; for any other glob that matches no typed origin, such as a typo, it is `never`,
 * which makes the listener a type error.
 */
export type IncidentOf<P extends string> = P extends '*'
  ? Incident
  : [OriginsOf<P>] extends [never]
    ? P extends `${KnownRoot}.${string}`
      ? never
      : Incident
    : { [O in OriginsOf<P>]: Incident<O> }[OriginsOf<P>];
