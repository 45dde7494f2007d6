import { encodeIncident, type Incident } from '@ihandler/core';
import { receiveIncident } from '@ihandler/core/kit';
import { xml } from '@xmpp/client';
import type { Element } from '../connection/session.ts';
import { xmlJson } from '../legacy/xml-text.ts';

/** The namespace of whole incidents, which legacy readers ignore. */
const WHOLE = 'urn:ihandler:incident:1';

/** A whole incident, and the ordinal of the previous incident of its stream in the same room. */
export interface WholeIncident {
  readonly incident: Incident;
  readonly after: number | undefined;
}

/** Encodes an incident as an element with JSON as its text, without the mark that its files are local. */
export function incidentElement({ incident, after }: WholeIncident): Element {
  const { local: _local, ...shared } = incident;
  const attributes = { xmlns: WHOLE, ...(after !== undefined && { after: String(after) }) };
  return xml('incident', attributes, xmlJson(encodeIncident(shared)));
}

/** Decodes the incident of a message; undefined if it has none. Throws when the incident is invalid. */
export function wholeIncidentIn(message: Element, sensor: string | undefined): WholeIncident | undefined {
  const element = message.getChild('incident', WHOLE);
  if (element === undefined) return undefined;
  const attribute: unknown = element.attrs['after'];
  const after = typeof attribute === 'string' && /^\d{1,16}$/.test(attribute) ? Number(attribute) : undefined;
  return { incident: receiveIncident(element.getText(), { sensor }), after };
}
