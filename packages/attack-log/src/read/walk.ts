import type { ConnectionNode } from './attack.ts';

/** A step of a depth-first walk: `enter` comes before the children of a connection, `leave` after them. */
export interface Step {
  readonly kind: 'enter' | 'leave';
  readonly node: ConnectionNode;
  /** 0 for the root. */
  readonly depth: number;
  /** Whether it is the last child of its parent. */
  readonly last: boolean;
  /** How many children will be entered. */
  readonly children: number;
}

interface Frame {
  readonly step: Step;
  readonly children: readonly ConnectionNode[];
  next: number;
}

/**
 * Walks through an attack of any depth without recursion. Enters each connection once: in old databases of dionaea,
 * connections can be their own parent.
 */
export function* walk(root: ConnectionNode): Generator<Step> {
  const seen = new Set<unknown>();
  const isNew = (node: ConnectionNode) => {
    const { connection } = node.row;
    const name = connection === null || connection === undefined ? node : String(connection);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  };
  const frameOf = (node: ConnectionNode, depth: number, last: boolean): Frame => {
    const children = node.children.filter(isNew);
    const step: Step = { kind: 'enter', node, depth, last, children: children.length };
    return { step, children, next: 0 };
  };
  isNew(root);
  const stack = [frameOf(root, 0, true)];
  yield (stack[0] as Frame).step;
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const child = frame.children[frame.next];
    if (child === undefined) {
      stack.pop();
      yield { ...frame.step, kind: 'leave' };
      continue;
    }
    frame.next += 1;
    const inner = frameOf(child, stack.length, frame.next === frame.children.length);
    stack.push(inner);
    yield inner.step;
  }
}
