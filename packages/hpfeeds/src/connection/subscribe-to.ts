import { describeError, escapeControls, type SourceContext } from '@ihandler/core';
import { type BrokerConnection, connectBroker } from './broker-connection.ts';
import type { Broker } from './broker-options.ts';
import { subscribeFrame } from './frame.ts';

type OnMessage = (payload: Buffer) => void;

/** Connects and subscribes to these channels; undefined when the broker denies it. Rejects when the connection fails. */
async function subscribed(
  broker: Broker,
  channels: readonly string[],
  onMessage: OnMessage,
  signal: AbortSignal,
): Promise<{ readonly connection: BrokerConnection } | { readonly denial: Error }> {
  const connection = await connectBroker(broker, onMessage, signal);
  try {
    for (const channel of channels) await connection.send(subscribeFrame(broker.ident, channel));
    await connection.waitForObjection();
    return { connection };
  } catch (error) {
    connection.close();
    if (connection.rejection === undefined || !(error instanceof Error)) throw error;
    return { denial: error };
  }
}

/**
 * Connects to a broker and subscribes to all channels that this identity may use. The others are logged, make the source
 * `failed`, and are tried again with the next connection. A denied subscription ends the connection with the broker's error, which does not name the channel, so
 * that each channel is then tried alone. Rejects when the connection fails, or when every channel is denied.
 */
export async function subscribeTo(
  broker: Broker,
  channels: readonly string[],
  onMessage: OnMessage,
  { log, signal, problem }: Pick<SourceContext, 'log' | 'signal' | 'problem'>,
): Promise<BrokerConnection> {
  const { server, port, ident } = broker;
  const all = await subscribed(broker, channels, onMessage, signal);
  if ('connection' in all) {
    problem?.(undefined);
    log.info('connected', { server, port });
    return all.connection;
  }
  const allowed: string[] = [];
  const denied: string[] = [];
  for (const channel of channels.length > 1 ? channels : []) {
    const alone = await subscribed(broker, [channel], () => {}, signal);
    if ('connection' in alone) {
      alone.connection.close();
      allowed.push(channel);
    } else {
      denied.push(escapeControls(channel));
      log.error(
        `channel denied: ${escapeControls(channel)}; ask the operator of the broker to allow it for "ident"`,
        {
          server,
          port,
          ident,
          error: describeError(alone.denial),
        },
      );
    }
  }
  if (allowed.length === 0) throw all.denial;
  const rest = await subscribed(broker, allowed, onMessage, signal);
  if ('denial' in rest) throw rest.denial;
  log.info('connected', { server, port });
  problem?.(
    `${denied.length === 1 ? 'channel' : 'channels'} denied: ${denied.join(', ')}; the others are received. Ask the operator of the broker to allow it for "ident" ${escapeControls(ident)}, or remove it from "channels"; then restart ihandler`,
  );
  return rest.connection;
}
