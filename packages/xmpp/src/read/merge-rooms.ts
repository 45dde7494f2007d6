import { wholeIncidentIn } from '../write/incident-element.ts';
import type { Archived } from './archive.ts';

interface Head {
  readonly rest: AsyncGenerator<Archived>;
  readonly archived: Archived;
  /** Which incident of which stream it is, where it says so. */
  readonly stream: string | undefined;
  readonly ordinal: number;
}

function placeOf({ message }: Archived): { readonly stream: string | undefined; readonly ordinal: number } {
  try {
    const id = wholeIncidentIn(message, undefined)?.incident.id ?? '';
    const colon = id.lastIndexOf(':');
    return { stream: id.slice(0, Math.max(colon, 0)) || undefined, ordinal: Number(id.slice(colon + 1)) };
  } catch {
    // What is no incident is told when its turn comes.
    return { stream: undefined, ordinal: 0 };
  }
}

function isBefore(left: Head, right: Head): boolean {
  if (left.stream !== undefined && left.stream === right.stream) return left.ordinal < right.ordinal;
  return (left.archived.at ?? 0) < (right.archived.at ?? 0);
}

async function headOf(rest: AsyncGenerator<Archived>): Promise<Head[]> {
  const next = await rest.next();
  return next.done ? [] : [{ rest, archived: next.value, ...placeOf(next.value) }];
}

/** The messages of several archives, each in its order, and incidents of one stream in theirs across the rooms. */
export async function* mergeRooms(archives: readonly AsyncGenerator<Archived>[]): AsyncGenerator<Archived> {
  let heads = (await Promise.all(archives.map(headOf))).flat();
  while (heads.length > 0) {
    let first = 0;
    for (const [at, head] of heads.entries()) {
      const best = heads[first];
      if (best !== undefined && isBefore(head, best)) first = at;
    }
    const head = heads[first];
    if (head === undefined) return;
    yield head.archived;
    heads = [...heads.slice(0, first), ...(await headOf(head.rest)), ...heads.slice(first + 1)];
  }
}
