// What subpaths share with the main entry point. scripts/build.mjs makes one of it if an application loads both formats.
export { sessionFromContext } from './context/session.decorator.js';
export { addToArguments, sessionInArguments } from './request/message-arguments.js';
export { clockAhead, now, setClockAhead } from './session/clock.js';
export { SessionRegistration } from './request/session-registration.js';
export { SessionRequest } from './request/session-request.js';
export { getSessionRepositoryToken } from './session-tokens.js';
export { SessionRepository } from './session/session.repository.js';
export { className, refusal, tooDeepToRead, tooDeepToWrite } from './session/refused-values.js';
export type { CheckedAttribute } from './session/refused-values.js';
export { DEFAULT_MAX_DEPTH, jsonSerializer, STRUCTURED_PREFIX } from './session/session-serializer.js';
export { sessionOf } from './session/session-proxy.js';
export {
  SessionDeviceUnboundError,
  SessionError,
  SessionGoneError,
  SessionMissingError,
  SessionOptionsError,
  SessionStoreUnavailableError,
  SessionUsageError,
} from './session/session.errors.js';
