import { describeError } from '../contract/error.ts';
import type { Incident } from '../contract/incident.ts';
import type { Journal } from '../contract/journal.ts';
import { withinNetworks } from '../routing/entry-filter.ts';
import { settlesWithin } from '../timing/settles-within.ts';
import type { Lane } from './lane/lane-types.ts';

/** How long a handler may be busy with a delivery before it is not waited for, in milliseconds. */
const PATIENCE = 30_000;

/** Where something is to be forgotten. */
export interface ForgetHost {
  readonly journal: Journal;
  readonly lanes: readonly Lane[];
  /** See {@link PATIENCE}. */
  readonly patience?: number;
}

/** How those who do not keep to the form of a connection call the address of its remote end. */
const REMOTE = /^(?:remote|src|source|peer|client)(?:[_.-]?(?:ip|addr|address|host|hostname))?$/i;

function hostAt(key: string, value: unknown): unknown {
  if (!REMOTE.test(key)) return undefined;
  return typeof value === 'object' && value !== null ? Reflect.get(value, 'host') : value;
}

/**
 * Whether the remote end of a connection anywhere in a value is one of these hosts: in the form of core, or as an address
 * under a name such as `remote_ip` or `src_ip`, in what fits no schema.
 */
function names(value: unknown, isForgotten: (host: string) => boolean): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  if (Array.isArray(value)) return value.some((item) => names(item, isForgotten));
  return Object.entries(value).some(([key, item]) => {
    const host = hostAt(key, item);
    return (typeof host === 'string' && isForgotten(host)) || names(item, isForgotten);
  });
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Asks one handler; says what it did, or why it did nothing yet. */
async function ask(asked: Promise<string>, patience: number): Promise<string> {
  const words = asked.catch((error: unknown) => `failed: ${describeError(error)}`);
  if (await settlesWithin(words, patience)) return words;
  return 'not done yet: it is busy with a delivery and does it when that has ended';
}

/**
 * Forgets networks: first in the journal, so that nothing of them is delivered any more, then in every started handler,
 * after what it was busy with. What a delivery left in the journal meanwhile, such as a dead letter, goes last.
 */
export async function forget(
  networks: readonly string[],
  { journal, lanes, patience = PATIENCE }: ForgetHost,
): Promise<Readonly<Record<string, string>>> {
  const isForgotten = withinNetworks(networks);
  const matches = ({ data }: Incident) => names(data, isForgotten);
  let entries = 0;
  let deadLetters = 0;

  async function forgetInJournal(): Promise<void> {
    // Those of running instances go through their counts.
    for (const lane of lanes) deadLetters += await lane.dropDeadLetters(({ incident }) => matches(incident));
    const gone = await journal.forget(matches);
    entries += gone.entries;
    deadLetters += gone.deadLetters;
    await Promise.all(lanes.map((lane) => lane.forgotten()));
  }

  await forgetInJournal();
  const wasBusy = lanes.some((lane) => lane.isBusy());
  const answers = await Promise.all(
    lanes.map(async (lane) => {
      const asked = lane.forget(isForgotten);
      return asked === undefined ? [] : [[lane.instance, await ask(asked, patience)] as const];
    }),
  );
  if (wasBusy) await forgetInJournal();
  const sentence = `${counted(entries, 'incident', 'incidents')}, ${counted(deadLetters, 'dead letter', 'dead letters')}`;
  return { ...Object.fromEntries(answers.flat()), journal: sentence };
}
