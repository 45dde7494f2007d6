export { readPublish } from '../connection/frame.ts';
export { CHANNELS } from '../dionaea-messages.ts';
export { listen, type ReceivedMessage } from './listen.ts';
export { network } from './network.ts';
