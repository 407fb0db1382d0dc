// What subpaths share with the main entry point. scripts/build.mjs makes one of it if an application loads both formats.
export { addToArguments, sessionInArguments } from './request/message-arguments.js';
export { SessionRegistration } from './request/session-registration.js';
export { SessionRequest } from './request/session-request.js';
export {
  SessionError,
  SessionGoneError,
  SessionMissingError,
  SessionOptionsError,
} from './session/session.errors.js';
