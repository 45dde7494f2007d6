import { createIncident, type Incident, type UntypedData } from '@ihandler/core';

/** An incident of the stream `s`. */
export function incidentOf(ordinal: number, origin = 'acme.thing.seen', data: UntypedData = {}): Incident {
  return createIncident({ id: `s:${ordinal}`, origin, timestamp: 1_795_330_242_123, sensor: 'pot', data });
}

/** Incidents of the stream `s`, numbered from `first`, each with a line of about 150 bytes. */
export function numbered(first: number, count: number): readonly Incident[] {
  return Array.from({ length: count }, (_, i) =>
    incidentOf(first + i, 'acme.thing.seen', { n: first + i, fill: 'x'.repeat(90), end: true }),
  );
}

/** The number in a line of {@link numbered}; undefined when the line is incomplete. */
export function numberIn(line: string): number | undefined {
  const match = /^\S+Z pot acme\.thing\.seen-info: n=(\d+) fill=x{90} end=true$/.exec(line);
  return match === null ? undefined : Number(match[1]);
}

/** The numbers in the lines of a text, in order. Throws for a line that is cut or merged with another. */
export function numbersIn(text: string): readonly number[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error(`a line is cut: ${text.slice(-200)}`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const number = numberIn(line);
      if (number === undefined) throw new Error(`incomplete line: ${line}`);
      return number;
    });
}

/** 1 to `count`. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
