import { describe, expect, it } from 'vitest';
import { defineHandler } from '../contract/handler.ts';
import { createIncident } from '../incident/create-incident.ts';
import { decodeIncident, encodeIncident, receiveIncident } from '../incident/incident-codec.ts';
import { handle, open } from '../testing/delivery.ts';

const parts = { id: 's:1', origin: 'acme.thing.seen', timestamp: 0, sensor: 'pot', data: { path: '/a' } };

describe('whether files of an incident are on this machine', () => {
  it('is kept by a journal', () => {
    const incident = createIncident({ ...parts, local: true });
    expect(incident.local).toBe(true);
    expect(decodeIncident(encodeIncident(incident))).toEqual(incident);
    const misfit = { ...incident, misfit: 'url: expected a string, found nothing' };
    expect(decodeIncident(encodeIncident(misfit))).toEqual(misfit);
  });

  it('is absent when they are not', () => {
    expect('local' in createIncident(parts)).toBe(false);
    expect('local' in createIncident({ ...parts, local: false })).toBe(false);
    expect('local' in decodeIncident(JSON.stringify({ ...parts, local: 'yes' }))).toBe(false);
  });

  it('is never accepted from a peer', () => {
    const received = receiveIncident(encodeIncident(createIncident({ ...parts, local: true })));
    expect(received).toEqual(createIncident(parts));
    expect('local' in received).toBe(false);
  });
});

describe('an incident of a peer', () => {
  it('is checked against the schema of this machine, whatever the peer says', async () => {
    const origin = 'dionaea.download.offer';
    const heard: (string | undefined)[] = [];
    const handler = defineHandler({ name: 'all', on: { '*': ({ misfit }) => void heard.push(misfit) } });
    const fits = { ...parts, origin, data: { url: 'http://192.0.2.1/' }, misfit: 'says the peer' };
    await handle(await open([handler]), [
      receiveIncident(JSON.stringify({ ...parts, origin, data: { url: 7 } })),
      receiveIncident(JSON.stringify({ ...fits, id: 's:2' })),
    ]);
    expect(heard).toEqual(['url: expected a string or bytes, found 7', undefined]);
  });

  it('gets the sensor of its sender, when that is known, and keeps its id', () => {
    const text = encodeIncident(createIncident(parts));
    expect(receiveIncident(text, { sensor: 'peer' })).toEqual(createIncident({ ...parts, sensor: 'peer' }));
    expect(receiveIncident(text).sensor).toBe('pot');
  });

  it.each([
    ['no id', { ...parts, id: 'x' }],
    ['no origin', { ...parts, origin: 'a b' }],
    ['no data', { ...parts, data: [] }],
  ])('is rejected with %s', (_, found) => {
    expect(() => receiveIncident(JSON.stringify(found))).toThrow(
      expect.objectContaining({ code: 'INCIDENT_INVALID' }),
    );
  });
});
