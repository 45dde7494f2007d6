import { describeError, type Incident } from '@ihandler/core';
import { receiveIncident } from '@ihandler/core/kit';

/**
 * Reads a line in the form of core's `encodeIncident`. Like `receiveIncident`, it trusts nothing in it but the id. Returns
 * the reason, as text for people, when the line is invalid or its sensor or id is too long.
 */
export function readEncodedLine(text: string): Incident | string {
  try {
    const incident = receiveIncident(text);
    const { sensor, id } = incident;
    if (sensor === '' || sensor.length > 200)
      return `Expected a sensor of 1 to 200 characters, found ${sensor.length}.`;
    return id.length > 1000 ? `Expected an id of at most 1000 characters, found ${id.length}.` : incident;
  } catch (error) {
    return describeError(error);
  }
}

/** Whether a line is in the form of core's `encodeIncident`, which begins with the id. */
export function isEncodedLine(text: string): boolean {
  return /^\s*\{\s*"id"\s*:/.test(text);
}
