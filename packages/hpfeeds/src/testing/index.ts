export { CHANNELS } from '../dionaea-messages.ts';
export { readPublish } from '../frame.ts';
export { type Heard, listen } from './listen.ts';
export { network } from './network.ts';
