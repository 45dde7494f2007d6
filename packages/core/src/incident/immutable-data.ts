import { IhandlerError } from '../contract/error.ts';

/** The most levels of data. Sources limit their input to 100; the rest is room for what a handler adds around it. */
const LEVELS = 500;

type Tree = { [key: string]: unknown };

/** Returns its argument, so that the fields of a derived class become private fields of that object. */
class Extended {
  constructor(container: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how an object gets private fields.
    return container;
  }
}

/** Bytes in a private field of their container: one hidden class for all, and nothing else can reach them. */
class Holder extends Extended {
  readonly #bytes = new Map<string, Uint8Array>();

  /** The bytes of a container by their keys; undefined when it has none. */
  static bytesOf(container: object): Map<string, Uint8Array> | undefined {
    return #bytes in container ? container.#bytes : undefined;
  }
}

/** A copy of the bytes that an object, or what it inherits from, has under a key. */
function readBytes(object: object, key: string): Uint8Array | undefined {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at)) {
    const bytes = Holder.bytesOf(at)?.get(key);
    if (bytes !== undefined) return bytes.slice();
  }
  return undefined;
}

/** Accessors by key: objects that share them share a hidden class, which is several times faster. */
const getters = new Map<string, (this: object) => Uint8Array | undefined>();

function getterOf(key: string): (this: object) => Uint8Array | undefined {
  const known = getters.get(key);
  if (known !== undefined) return known;
  function get(this: object): Uint8Array | undefined {
    return readBytes(this, key);
  }
  // Keys come from outside: a flood of new ones costs time, not memory.
  if (getters.size < 1000) getters.set(key, get);
  return get;
}

/**
 * Puts bytes behind an accessor that returns a new copy at each access: a `Uint8Array` cannot be frozen. `bytes` must belong
 * to the caller alone. Freeze the container afterwards.
 */
export function defineBytes(container: object, key: string | number, bytes: Uint8Array): void {
  if (Holder.bytesOf(container) === undefined) new Holder(container);
  Holder.bytesOf(container)?.set(String(key), bytes);
  Object.defineProperty(container, key, { get: getterOf(String(key)), enumerable: true });
}

function copyOfBytes(view: ArrayBufferView): Uint8Array {
  // Faster than a view of `buffer`, which small arrays do not have before it is read.
  if (view instanceof Uint8Array) return new Uint8Array(view);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

/** Whether nothing in a frozen container can be changed. */
function isImmutable(container: object, level: number): boolean {
  if (Holder.bytesOf(container) !== undefined) return true;
  if (level > LEVELS) return false;
  for (const key in container) {
    const item = (container as Tree)[key];
    if (typeof item !== 'object' || item === null) continue;
    if (ArrayBuffer.isView(item) || !Object.isFrozen(item) || !isImmutable(item, level + 1)) return false;
  }
  return true;
}

/** Copies arrays and records with their own keys, `__proto__` included. */
function copyOf(container: object): object {
  if (Array.isArray(container)) return [...container];
  const copy: Tree = {};
  for (const key of Object.keys(container))
    Object.defineProperty(copy, key, {
      value: (container as Tree)[key],
      ...{ writable: true, enumerable: true, configurable: true },
    });
  return copy;
}

function tooDeep(): IhandlerError {
  return new IhandlerError(
    'INCIDENT_INVALID',
    `Expected data of at most ${LEVELS} levels, found more, or data that contains itself.`,
  );
}

function frozen(container: object, level: number): object {
  if (level > LEVELS) throw tooDeep();
  const isDone = Object.isFrozen(container);
  if (isDone && isImmutable(container, level)) return container;
  // Safe: arrays and records can both be read and written by key; an own `__proto__` is an ordinary key.
  const tree = (isDone ? copyOf(container) : container) as Tree;
  // A loop over indexes is much faster than one over the keys of an array.
  if (Array.isArray(tree)) for (let at = 0; at < tree.length; at += 1) freezeItem(tree, at, level);
  else for (const key in tree) freezeItem(tree, key, level);
  return Object.freeze(tree);
}

function freezeItem(tree: Tree, key: string | number, level: number): void {
  const item = tree[key];
  if (typeof item !== 'object' || item === null) return;
  if (ArrayBuffer.isView(item)) defineBytes(tree, key, copyOfBytes(item));
  else {
    const made = frozen(item, level + 1);
    if (made !== item) tree[key] = made;
  }
}

/**
 * Makes plain data immutable: freezes it deeply and puts copies of its bytes behind accessors (see {@link defineBytes}). Takes
 * ownership of the data; returns it, or a copy of frozen parts that can still be changed inside. Throws
 * `INCIDENT_INVALID` for data that is too deep.
 */
export function immutable<T extends object>(data: T): T {
  // Safe: freezing and copying keep the form of the data.
  return frozen(data, 1) as T;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/**
 * Copies plain data deeply, bytes included, so that nothing of it belongs to anyone else. Other objects, which are not data,
 * stay. Throws like {@link immutable}.
 */
export function plainCopy(value: unknown, level = 1): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return copyOfBytes(value);
  if (!isPlain(value)) return value;
  if (level > LEVELS) throw tooDeep();
  const copy = copyOf(value) as Tree;
  for (const key of Object.keys(copy)) copy[key] = plainCopy(copy[key], level + 1);
  return copy;
}
