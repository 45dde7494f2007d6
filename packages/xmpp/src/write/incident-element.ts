import { encodeIncident, type Incident } from '@ihandler/core';
import { receiveIncident } from '@ihandler/core/kit';
import { xml } from '@xmpp/client';
import type { Element } from '../connection/session.ts';
import { xmlJson } from '../legacy/xml-text.ts';

/** The namespace of whole incidents, which old readers pass over. */
const WHOLE = 'urn:ihandler:incident:1';

/** A whole incident, and the ordinal of the one that was sent to the same room before it in its stream. */
export interface WholeIncident {
  readonly incident: Incident;
  readonly after: number | undefined;
}

/** An incident as an element of our own: its JSON is the text. Where its files are is not told. */
export function incidentElement({ incident, after }: WholeIncident): Element {
  const { local: _local, ...told } = incident;
  const attributes = { xmlns: WHOLE, ...(after !== undefined && { after: String(after) }) };
  return xml('incident', attributes, xmlJson(encodeIncident(told)));
}

/** Reads the element out of a message; undefined when there is none. Throws when it holds no incident. */
export function wholeIncidentIn(message: Element, sensor: string | undefined): WholeIncident | undefined {
  const element = message.getChild('incident', WHOLE);
  if (element === undefined) return undefined;
  const told: unknown = element.attrs['after'];
  const after = typeof told === 'string' && /^\d{1,16}$/.test(told) ? Number(told) : undefined;
  return { incident: receiveIncident(element.getText(), { sensor }), after };
}
