import type { Incident, Meaning } from '@ihandler/core';
import { isDionaea } from '../rows/dionaea-origins.ts';
import { addCapture, addEvent, addRoleRows, type DetailRole } from '../rows/role-rows.ts';
import type { RowSink } from '../rows/row-sink.ts';
import { connectionIn, type LooseConnection } from './connection-key.ts';
import type { Plan } from './plan.ts';

/** Rows that an incident adds to a connection. */
export interface Detail {
  /** Undefined if the incident lacks it. */
  readonly connection: LooseConnection | undefined;
  /** Whether the rows wait for a connection that is not announced yet. */
  readonly waits: boolean;
  /** Adds the rows. Returns false if the incident lacks a required value. */
  add(sink: RowSink, row: number): boolean;
}

type DetailMeaning = Meaning<DetailRole>;

function meaningsOf(incident: Incident, { origins, details }: Plan): readonly DetailMeaning[] {
  if (details.length === 0) return [];
  const wanted: readonly string[] = details;
  return origins
    .meaningsOf(incident)
    .filter((meaning): meaning is DetailMeaning => wanted.includes(meaning.role));
}

/**
 * Adds the rows of an incident of dionaea in its own tables, and those of ours that tell more. Returns false if the incident lacks
 * a required value.
 */
export function addDionaeaRows(sink: RowSink, row: number, incident: Incident, plan: Plan): boolean {
  if (plan.makeRows?.(sink, row, incident.data) !== true) return false;
  for (const meaning of meaningsOf(incident, plan)) {
    if (meaning.role !== 'capture') addRoleRows(sink, row, meaning);
    else if (meaning.facts.sha256 !== undefined)
      addCapture(sink, row, sink.nextKey.downloads - 1, meaning.facts);
  }
  return true;
}

function roleDetail(origin: string, meaning: DetailMeaning): Detail {
  return {
    connection: connectionIn(meaning.facts.connection),
    waits: true,
    add(sink, row) {
      // dionaea itself writes no row of `downloads` for these.
      if (meaning.role === 'capture' && isDionaea(origin)) addCapture(sink, row, null, meaning.facts);
      else addRoleRows(sink, row, meaning);
      return true;
    },
  };
}

/** The rows that an incident without rows in dionaea's own tables adds to connections. */
export function detailsOf(incident: Incident, plan: Plan): readonly Detail[] {
  const { origin, data } = incident;
  const meanings = meaningsOf(incident, plan);
  if (meanings.length > 0) return meanings.map((meaning) => roleDetail(origin, meaning));
  const connection = connectionIn(data['connection']);
  const isElsewhere = plan.opens || plan.links || plan.closes || plan.judges;
  if (isElsewhere || !plan.isEvent || connection === undefined) return [];
  return [
    {
      connection,
      waits: plan.waits,
      add(sink, row) {
        addEvent(sink, row, origin, data);
        return true;
      },
    },
  ];
}
