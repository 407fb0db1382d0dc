/**
 * Whether a request has proved that it comes from the device that its session is bound to.
 * - `bound`: it has.
 * - `stale`: the session is bound, and the request has no proof or one that has expired.
 * - `unbound`: the session is not bound to a device.
 */
export type DeviceBinding = 'bound' | 'stale' | 'unbound';
