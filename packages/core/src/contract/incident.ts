/**
 * One end of a connection. `host` is the address as the sensor wrote it (an IPv4-mapped `::ffff:192.0.2.1` stays so)
 * and `''` where it is not known, as for the remote end of a listener; `port` is 0 there.
 */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The far end, which may have been named before it was resolved. */
export interface RemoteEndpoint extends Endpoint {
  /** The name that was connected to: `''` when there was none, `null` when the sensor wrote null (old versions). */
  readonly hostname: string | null;
}

/** A value inside `data` with an identity: attacks are trees of connections. */
export interface Connection {
  /** Unique among the connections of one sensor that are open at the same time; old sensors reuse it later. */
  readonly id: string;
  /** The service or client that spoke: `smbd`, `httpd`, `remoteshell`, … */
  readonly protocol: string;
  readonly transport: string;
  readonly local: Endpoint;
  readonly remote: RemoteEndpoint;
}

/** Plain data, as deep as it goes. Bytes occur where an attacker wrote what is not UTF-8. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Connection
  | readonly Value[]
  | { readonly [key: string]: Value };

/** The data of an incident whose origin has no schema here, or does not fit it. */
export type UntypedData = { readonly [key: string]: Value };

/**
 * The type of the data of each origin that has one. The catalogue adds its origins; a package adds those that it reports by
 * declaration merging:
 *
 * ```ts
 * declare module '@ihandler/core' {
 *   interface IncidentMap {
 *     'acme.thing.seen': { readonly what: string };
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: declaration merging fills it.
export interface IncidentMap {}

/** The origins whose data has a type. */
export type Origin = keyof IncidentMap & string;

/** What happened. Frozen all the way down; made with {@link createIncident}. */
export interface Incident<O extends string = string> {
  /** `<stream>:<ordinal>`, where the incident came from; every hop keeps it. See {@link parseIncidentId}. */
  readonly id: string;
  /** A dotted path such as `dionaea.connection.tcp.accept`: letters, digits, `_`, `-` and dots. */
  readonly origin: O;
  /** Milliseconds since the Unix epoch, fractions kept. */
  readonly timestamp: number;
  /** The name of the sensor that saw it. */
  readonly sensor: string;
  readonly data: O extends Origin ? IncidentMap[O] : UntypedData;
  /**
   * Present when the files that `data` names are on this machine: only the source that brought the incident says so, and
   * no hop passes it on (see `receiveIncident`). Without it no handler opens a path.
   */
  readonly local?: true;
  /** Present when `data` does not fit the schema of the origin, and says why: such an incident reaches only `*`. */
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
