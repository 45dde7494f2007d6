import { createIncident } from '@ihandler/core';
import { xml } from '@xmpp/client';
import { describe, expect, it } from 'vitest';
import { incidentElement } from '../write/incident-element.ts';
import type { RoomMessage } from './archive.ts';
import { mergeRooms } from './merge-rooms.ts';

function archived(room: string, at: number, ordinal: number, stream = 's'): RoomMessage {
  const incident = createIncident({
    id: `${stream}:${ordinal}`,
    origin: 'acme.thing',
    timestamp: 0,
    sensor: 'pot',
    data: {},
  });
  return {
    room,
    archiveId: `${ordinal}`,
    at,
    message: xml('message', {}, incidentElement({ incident, after: undefined })),
  };
}

async function* archive(...messages: readonly RoomMessage[]): AsyncGenerator<RoomMessage> {
  yield* messages;
}

async function merged(...archives: readonly AsyncGenerator<RoomMessage>[]): Promise<readonly string[]> {
  const order: string[] = [];
  for await (const { room, archiveId } of mergeRooms(archives)) order.push(`${room}${archiveId}`);
  return order;
}

describe('mergeRooms', () => {
  it('merges archives by time', async () => {
    const left = archive(archived('a', 1, 1, 'x'), archived('a', 4, 2, 'x'));
    const right = archive(archived('b', 2, 1, 'y'), archived('b', 3, 2, 'y'));
    expect(await merged(left, right)).toEqual(['a1', 'b1', 'b2', 'a2']);
  });

  it('keeps the order of a stream within one second, the resolution of archives', async () => {
    const left = archive(archived('a', 1000, 3), archived('a', 1000, 5));
    const right = archive(archived('b', 1000, 1), archived('b', 1000, 2), archived('b', 1000, 4));
    expect(await merged(left, right)).toEqual(['b1', 'b2', 'a3', 'b4', 'a5']);
  });

  it('returns nothing without archives, and passes messages without an incident on', async () => {
    expect(await merged()).toEqual([]);
    const strange: RoomMessage = { room: 'a', archiveId: '9', at: 0, message: xml('message') };
    expect(await merged(archive(strange), archive(archived('b', 1, 1)))).toEqual(['a9', 'b1']);
  });
});
