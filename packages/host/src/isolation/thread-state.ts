import { type HandlerContext, IhandlerError, type Value } from '@ihandler/core';
import { decodeValue, encodeValue } from '@ihandler/core/kit';

/** The largest state, in characters: the dispatcher's limit. Checked here, too, where the host sees only the last of many. */
const LARGEST = 64 * 1024;

/** The text of a state that crosses threads; null for none. */
export type StateText = string | null;

/** A state as text. */
export function stateText(value: Value | undefined): StateText {
  return value === undefined || value === null ? null : encodeValue(value);
}

/** The value of a text of {@link stateText}. */
export function stateValue(text: StateText): Value {
  return text === null ? null : decodeValue(text);
}

/** The state of the handler in a thread, which the host stores: what the host has, and the draft of the running call. */
export class ThreadState {
  #value: Value = null;
  #draft: { readonly value: Value } | undefined;
  #isSet = false;
  #call: number | undefined;

  /** Sets what the host has. */
  load(text: StateText): void {
    this.#value = stateValue(text);
  }

  /** Begins a call; `text` is what the host has, when this thread does not know it. */
  begin(call: number, text: StateText | undefined): void {
    if (text !== undefined) this.load(text);
    this.#call = call;
    this.#draft = undefined;
    this.#isSet = false;
  }

  /** An incident, or a batch, is handled. */
  accept(): void {
    if (this.#draft === undefined) return;
    this.#value = this.#draft.value;
    this.#draft = undefined;
    this.#isSet = true;
  }

  /** Ends the call: what the last incident has set without success is discarded. */
  end(): void {
    this.#call = undefined;
    this.#draft = undefined;
  }

  /** The state, if the last call has set it. */
  changed(): StateText | undefined {
    return this.#isSet ? stateText(this.#value) : undefined;
  }

  /** The view of the context of a call, or of `start`. */
  lend(call: number | undefined): HandlerContext['state'] {
    return Object.freeze({
      get: () => (this.#draft === undefined ? this.#value : this.#draft.value) ?? undefined,
      set: (value: Value) => {
        if (call === undefined || call !== this.#call)
          throw new IhandlerError(
            'LIFE_CYCLE',
            'The handler sets its state outside of a delivery, which it belongs to: use the context of the delivery, before that ends.',
          );
        const text = stateText(value);
        if (text !== null && text.length > LARGEST)
          throw new IhandlerError(
            'HANDLER_INVALID',
            `Expected a state of at most ${LARGEST} characters as JSON, found ${text.length}: keep larger data in a file in context.dataDir.`,
          );
        this.#draft = { value: stateValue(text) };
      },
    });
  }
}
