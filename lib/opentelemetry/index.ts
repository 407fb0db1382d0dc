export { OpenTelemetrySessionObserver } from './open-telemetry-session.observer.js';
export type { OpenTelemetrySessionOptions } from './open-telemetry-session.observer.js';
