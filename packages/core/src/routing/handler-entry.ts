import type { Handler } from '../contract/handler.ts';

/** A handler and the settings an operator gave it. */
export interface HandlerEntry {
  readonly handler: Handler;
  /**
   * Names this instance: its cursor, its folder and its counts belong to this name. Letters, digits, `.`, `_` and `-`, at
   * most 64, beginning with a letter or digit. @default the handler's name
   */
  readonly instance?: string;
  /** Where an instance starts that the journal does not know: at the oldest incident it holds, or after the newest. @default 'beginning' */
  readonly from?: 'beginning' | 'end';
  /** Delivers only origins that match one of these globs. @default all that the handler accepts */
  readonly only?: readonly string[];
  /** Does not deliver origins that match one of these globs. */
  readonly except?: readonly string[];
  /**
   * Does not deliver incidents whose connection (of a link: whose child) has one of these remote addresses: addresses and
   * networks in CIDR notation. An IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) equals that IPv4 address, in the
   * setting and in incidents.
   */
  readonly ignore?: readonly string[];
  /**
   * Delivers only incidents whose connection (of a link: whose child) speaks one of these protocols, and incidents without a
   * connection. `-name` excludes a protocol. Case does not matter.
   */
  readonly protocols?: readonly string[];
  /**
   * Masks the sensor's own address in what the handler gets: every local address of an incident's connections becomes
   * `127.0.0.1`, also in texts, keys and bytes. `facts` also removes everything that an attacker wrote: only numbers, the ends
   * of connections and hashes of files stay. Ids, positions, filters and counts do not change; dead letters keep the original.
   * @default false
   */
  readonly mask?: boolean | 'facts';
  /**
   * Why this instance is paused, for people. It is not started and gets nothing until `Dispatcher.resume`: its incidents stay
   * in the journal. One in memory does not wait for it. @default it runs
   */
  readonly paused?: string;
  /** The file of the handler's code, or the folder of its package. Attributes errors that only their stack can attribute. */
  readonly location?: string;
}
