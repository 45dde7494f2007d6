export { createWorld, type Ran, type World } from './world.ts';
