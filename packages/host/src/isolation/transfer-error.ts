import { isRecord } from '@ihandler/core/kit';

/** How many causes of an error cross. */
const CAUSES = 5;
/** How much of a text of an error crosses, in characters. */
const LONGEST = 64 * 1024;

/** An error, or another thrown value, as data. */
export interface EncodedError {
  readonly isError: boolean;
  /** Of any other value: a primitive, or text. */
  readonly thrown?: unknown;
  readonly name?: string;
  readonly message?: string;
  readonly stack?: string | undefined;
  /** Other own properties that can be copied: `code`, `retryAfter`, `permanent`, `problems`, … */
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly cause?: EncodedError;
  /** Of an AggregateError. */
  readonly errors?: readonly EncodedError[];
}

function copied(value: unknown): { readonly copy: unknown } | undefined {
  try {
    return { copy: structuredClone(value) };
  } catch {
    return undefined; // a function, a socket: it stays where it is
  }
}

function text(read: () => unknown): string {
  try {
    return String(read()).slice(0, LONGEST);
  } catch {
    return 'an error that cannot be described';
  }
}

/** Turns a thrown value into data. Never throws, whatever the getters and traps of the value do. */
export function encodeError(error: unknown, causes: number = CAUSES): EncodedError {
  try {
    return encode(error, causes);
  } catch {
    return { isError: true, message: text(() => Reflect.get(Object(error), 'message')) };
  }
}

function encode(error: unknown, causes: number): EncodedError {
  if (!(error instanceof Error)) {
    const isPlain = error === null || !['object', 'function', 'symbol'].includes(typeof error);
    return { isError: false, thrown: isPlain ? error : text(() => error) };
  }
  const properties: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (['name', 'message', 'stack', 'cause', 'errors'].includes(key)) continue;
    const copy = copied(Reflect.get(error, key));
    if (copy !== undefined) properties[key] = copy.copy;
  }
  return {
    isError: true,
    name: text(() => error.name),
    message: text(() => error.message),
    stack: error.stack === undefined ? undefined : text(() => error.stack),
    properties,
    ...(error.cause !== undefined && causes > 0 && { cause: encodeError(error.cause, causes - 1) }),
    ...(error instanceof AggregateError &&
      causes > 0 && { errors: error.errors.slice(0, CAUSES).map((inner) => encodeError(inner, causes - 1)) }),
  };
}

function isEncoded(value: unknown): value is EncodedError {
  return isRecord(value) && typeof value['isError'] === 'boolean';
}

/** Turns data of {@link encodeError} into an error with the same name, message, stack, causes and properties. */
export function decodeError(encoded: unknown): unknown {
  if (!isEncoded(encoded)) return new Error('a failure that the thread could not describe');
  if (!encoded.isError) return encoded.thrown;
  const { message, cause, errors, properties, name = 'Error', stack } = encoded;
  const options = cause === undefined ? {} : { cause: decodeError(cause) };
  const error =
    errors === undefined
      ? new Error(message, options)
      : new AggregateError(errors.map(decodeError), message, options);
  Object.assign(error, properties);
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  Object.defineProperty(error, 'stack', {
    value: stack ?? `${name}: ${message}`,
    configurable: true,
    writable: true,
  });
  return error;
}
