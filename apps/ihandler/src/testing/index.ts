export { type Program, startProgram } from './program.ts';
export { until } from './running-world.ts';
export { createWorld, type Ran, recorder, type World } from './world.ts';
