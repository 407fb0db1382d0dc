import type { CookieSettings } from '../session/session-cookie.js';
import type { SessionCore } from '../session/session-core.js';
import type { SessionOperations } from '../session/session-operations.js';
import type { RequestHeaders, SessionAnswer } from './session-answer.js';
import type { SessionIdResolver } from './session-id-resolver.js';

/** What an endpoint of the protocol needs of its request. */
export interface DeviceRequest {
  /** The path of the target, without its query. */
  readonly path: string;
  readonly headers: RequestHeaders;
}

/** What it answers. */
export interface DeviceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. @default no body */
  readonly body?: string;
}

/** Binds the sessions of one registration to the devices of their visitors. */
export interface DeviceHook {
  /** Judges a session that a request has opened, and sets `deviceBound`. @returns false if the request must not have it */
  admits(core: SessionCore, headers: RequestHeaders): boolean;
  /** Called when the client is given a new credential. */
  offer(core: SessionCore, answer: SessionAnswer): void;
  /** Called when the client is told to forget its credential. */
  expire(answer: SessionAnswer): void;
  /** The paths to which browsers post their proofs. */
  readonly paths: readonly string[];
  /** Answers a POST to one of these paths. @throws SessionStoreUnavailableError if the store could not answer */
  answer(request: DeviceRequest): Promise<DeviceAnswer>;
}

/** The registration whose sessions are bound. */
export interface DeviceSetting {
  readonly name: string | undefined;
  readonly applicationName: string;
  readonly operations: SessionOperations;
  readonly resolver: SessionIdResolver;
  /** `undefined` if a header carries the credential. */
  readonly cookie: (CookieSettings & { readonly name: string }) | undefined;
  /** Whether the store can keep the keys of devices, and knows the users of sessions. */
  readonly canBind: boolean;
}

/** Makes the hook of a registration. `dbsc()` of `nestjs-redis-session/dbsc` returns one. */
export interface DeviceBinder {
  /** @throws SessionOptionsError if these sessions cannot be bound */
  create(setting: DeviceSetting): DeviceHook;
}
