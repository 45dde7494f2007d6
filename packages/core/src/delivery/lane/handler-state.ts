import { IhandlerError } from '../../contract/error.ts';
import type { HandlerState } from '../../contract/handler.ts';
import type { Value } from '../../contract/incident.ts';
import { plainCopy } from '../../incident/immutable-data.ts';
import { decodeValue, encodeValue } from '../../incident/incident-codec.ts';

/** The largest state, in characters of its JSON: the journal stores it with every delivery that changes it. */
const LARGEST = 64 * 1024;

/** A state that a delivery has set. Null stands for none. */
export interface StateChange {
  readonly value: Value;
}

/** The name under which the journal stores the state of an instance, among those of sources, whose names never begin so. */
export function stateName(instance: string): string {
  return `@${instance}`;
}

/** A frozen copy of a state. Throws `HANDLER_INVALID` when it is too large. */
function copyOf(instance: string, value: unknown): Value {
  // Safe: the copy of a plain value is one.
  const text = encodeValue(plainCopy(value) as Value);
  if (text.length <= LARGEST) return decodeValue(text);
  throw new IhandlerError(
    'HANDLER_INVALID',
    `${instance}: expected a state of at most ${LARGEST} characters as JSON, found ${text.length}: keep larger data in a file in context.dataDir.`,
  );
}

/** The state of an instance while it runs: what its last successful delivery has set, and the draft of the running one. */
export class StateHolder {
  readonly #instance: string;
  #value: Value = null;
  #draft: StateChange | undefined;

  constructor(instance: string) {
    this.#instance = instance;
  }

  /** Sets what the journal has; null for none. */
  load(value: Value): void {
    this.#value = value;
    this.#draft = undefined;
  }

  /** Removes it between deliveries, when `isRemoved` says so. Whether it was removed. */
  remove(isRemoved: (value: Value) => boolean): boolean {
    if (this.#value === null || !isRemoved(this.#value)) return false;
    this.#value = null;
    return true;
  }

  /** Begins a delivery, or ends one that has failed: its state is discarded. */
  discard(): void {
    this.#draft = undefined;
  }

  /** Ends the delivery of an incident or of a batch; returns the state that it has set, to be acknowledged with it. */
  accept(): StateChange | undefined {
    const draft = this.#draft;
    if (draft !== undefined) this.load(draft.value);
    return draft;
  }

  /** The view of a context. `onSet` is called first, and throws when the state cannot be set. */
  lend(onSet: () => void): HandlerState {
    return Object.freeze({
      get: () => (this.#draft === undefined ? this.#value : this.#draft.value) ?? undefined,
      set: (value: Value) => {
        onSet();
        this.#draft = { value: copyOf(this.#instance, value) };
      },
    });
  }
}

/** The error of a state that is set outside of a delivery. */
export function setOutside(instance: string): IhandlerError {
  return new IhandlerError(
    'LIFE_CYCLE',
    `${instance} sets its state outside of a delivery, which it belongs to: use the context of the delivery, before that ends.`,
  );
}
