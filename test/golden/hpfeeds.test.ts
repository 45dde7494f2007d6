import { fileURLToPath } from 'node:url';
import dionaea from '@ihandler/dionaea';
import hpfeeds from '@ihandler/hpfeeds';
import { listen, network } from '@ihandler/hpfeeds/testing';
import { describe, expect, it } from 'vitest';
import { host } from '../support/host/in-process.ts';
import { until } from '../support/host/until.ts';
import { recordedFrames } from '../support/recorded-frames.ts';

const file = fileURLToPath(new URL('../recordings/dionaea-c/log_incident.ndjson', import.meta.url));

interface Capture {
  readonly time: string;
  readonly sha512: string;
}

/** A capture without its time and without the hash of a file that the recording does not contain. */
function comparable(text: string): unknown {
  const { time, sha512, ...rest }: Capture = JSON.parse(text);
  expect(time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} GMT \+0000$/);
  expect(typeof sha512).toBe('string');
  return rest;
}

describe('the handler hpfeeds', () => {
  it("publishes the same bytes on dionaea's channels as dionaea did for the same attacks", async () => {
    const { broker, sensor } = await network();
    const channels = ['dionaea.connections', 'dionaea.dcerpcrequests', 'dionaea.capture'];
    const heard = await listen(broker, channels);
    const handler = hpfeeds({ ...sensor, channel: false });
    const dispatcher = await host([{ handler }]);
    await dispatcher.run(dionaea({ file }));
    expect(await dispatcher.drain({ stalledAfter: 10_000 })).toEqual([]);
    await until(() => heard.length >= Number(handler.counters?.()['messages']));
    const recorded = recordedFrames();
    expect(recorded.length).toBeGreaterThan(80);
    for (const channel of channels) {
      const texts = (all: typeof recorded) =>
        all
          // dionaea could not publish its own connection to the broker before it was connected.
          .filter((each) => each.channel === channel && !each.text.includes('"hpclient"'))
          .map(({ text }) => (channel === 'dionaea.capture' ? comparable(text) : text));
      expect(texts(heard)).toEqual(texts(recorded));
    }
  });
});
