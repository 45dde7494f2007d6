import { defineHandler } from '@ihandler/core';
import { expect, it } from 'vitest';
import { handlerContext } from './handler-context.ts';
import { incident } from './incident.ts';

const shout = defineHandler({
  name: 'shout',
  accepts: ['dionaea.download.offer'],
  start({ log, instance }) {
    log.info('started', { instance });
  },
  async write(batch, _checkpoint, { report, log, sensor }) {
    for (const cause of batch) await report('acme.heard', { url: cause.data.url }, { cause });
    log.warn(`heard by ${sensor}`);
  },
});

it('handlerContext records log lines and reports of a handler', async () => {
  const { context, lines, reports } = handlerContext({ instance: 'loud' });
  const offer = incident('dionaea.download.offer', { url: 'ftp://203.0.113.9/x' });
  await shout.start?.(context);
  await shout.write([offer], {}, context);
  await context.report('acme.idle', {});
  expect(lines).toEqual(['info: started {"instance":"loud"}', 'warn: heard by sensor {}']);
  expect(reports).toEqual([
    { origin: 'acme.heard', data: { url: 'ftp://203.0.113.9/x' }, cause: offer.id },
    { origin: 'acme.idle', data: {}, cause: undefined },
  ]);
});

it('handlerContext uses overrides, and contexts do not share records', async () => {
  const told: string[] = [];
  const own = handlerContext({
    now: () => 7,
    async report(origin: string) {
      told.push(origin);
    },
  });
  await shout.write([incident('dionaea.download.offer')], {}, own.context);
  expect(own.context.now()).toBe(7);
  expect(told).toEqual(['acme.heard']);
  expect(own.reports).toEqual([]);
  expect(handlerContext().lines).toEqual([]);
});
