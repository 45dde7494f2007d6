import { describe, expect, it } from 'vitest';
import type { Incident } from '../contract/incident.ts';
import type { Reject, SourceContext, SourceReportOptions } from '../contract/source.ts';
import { createIncident } from '../incident/create-incident.ts';
import { reportCompared } from './report-compared.ts';

function incidentAt(ordinal: number): Incident {
  return createIncident({ id: `s:${ordinal}`, origin: 'acme.thing', timestamp: 1, sensor: 'a', data: {} });
}

/** A context whose journal has the stream s up to an ordinal, and the calls it got. */
function contextWith(highest: number) {
  const reports: (readonly [ids: readonly string[], state: unknown])[] = [];
  const rejects: Reject[] = [];
  let last = highest;
  const context = {
    instance: 'acme',
    newestOf: async () => (last < 0 ? undefined : incidentAt(last)),
    async report(batch: readonly Incident[], { onConflict, state }: SourceReportOptions = {}) {
      reports.push([batch.map(({ id }) => id), state]);
      for (const incident of batch) {
        const ordinal = Number(incident.id.split(':')[1]);
        if (incident.id.startsWith('s:') && ordinal < last) onConflict?.({ incident, why: 'behind' });
        else if (ordinal === last) onConflict?.({ incident, why: 'different' });
        else last = Math.max(last, ordinal);
      }
    },
    reject: async (reject: Reject) => void rejects.push(reject),
  };
  // Safe: reportCompared uses only these members.
  return { context: context as unknown as SourceContext, reports, rejects };
}

describe('reportCompared', () => {
  it('reports once where ordinals rise, with the state', async () => {
    const { context, reports } = contextWith(4);
    await reportCompared(context, [5, 6].map(incidentAt), { state: 'x' });
    expect(reports).toEqual([[['s:5', 's:6'], 'x']]);
  });

  it('stores the state only after the incidents whose ordinals fall, which get redelivery ids', async () => {
    const { context, reports } = contextWith(4);
    await reportCompared(context, [5, 3, 6].map(incidentAt), { state: 'x' });
    expect(reports).toEqual([
      [['s:5', 's:3', 's:6'], undefined],
      [['s~3:3'], 'x'],
    ]);
  });

  it('rejects another incident with a known id', async () => {
    const { context, rejects } = contextWith(4);
    await reportCompared(context, [incidentAt(4)]);
    expect(rejects).toMatchObject([{ file: 'acme', reason: expect.stringContaining('with the id s:4') }]);
  });
});
