export { dbsc } from './dbsc.js';
export type { DbscOptions, StolenSessionReport } from './dbsc-options.js';
export { DeviceBoundGuard, RequireDeviceBound } from './require-device-bound.decorator.js';
