import { wholeIncidentIn } from '../write/incident-element.ts';
import type { RoomMessage } from './archive.ts';

interface Head {
  readonly rest: AsyncGenerator<RoomMessage>;
  readonly message: RoomMessage;
  /** The stream and ordinal of its incident; undefined if it has none. */
  readonly stream: string | undefined;
  readonly ordinal: number;
}

function placeOf({ message }: RoomMessage): {
  readonly stream: string | undefined;
  readonly ordinal: number;
} {
  try {
    const id = wholeIncidentIn(message, undefined)?.incident.id ?? '';
    const colon = id.lastIndexOf(':');
    return { stream: id.slice(0, Math.max(colon, 0)) || undefined, ordinal: Number(id.slice(colon + 1)) };
  } catch {
    // An invalid message is rejected when it is read.
    return { stream: undefined, ordinal: 0 };
  }
}

function isBefore(left: Head, right: Head): boolean {
  if (left.stream !== undefined && left.stream === right.stream) return left.ordinal < right.ordinal;
  return (left.message.at ?? 0) < (right.message.at ?? 0);
}

async function headOf(rest: AsyncGenerator<RoomMessage>): Promise<Head[]> {
  const next = await rest.next();
  return next.done ? [] : [{ rest, message: next.value, ...placeOf(next.value) }];
}

/** Merges archives by time. The order within an archive is kept, and so is the order of a stream across archives. */
export async function* mergeRooms(
  archives: readonly AsyncGenerator<RoomMessage>[],
): AsyncGenerator<RoomMessage> {
  let heads = (await Promise.all(archives.map(headOf))).flat();
  while (heads.length > 0) {
    let first = 0;
    for (const [at, head] of heads.entries()) {
      const best = heads[first];
      if (best !== undefined && isBefore(head, best)) first = at;
    }
    const head = heads[first];
    if (head === undefined) return;
    yield head.message;
    heads = [...heads.slice(0, first), ...(await headOf(head.rest)), ...heads.slice(first + 1)];
  }
}
