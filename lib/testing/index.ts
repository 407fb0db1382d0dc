export { clock } from './clock.js';
export type { ClockStep } from './clock.js';
export { inMemorySessions } from './in-memory-sessions.js';
export { loginAs } from './login-as.js';
export type { LoginOptions } from './login-as.js';
export { sessionStoreContract } from './contract/session-store-contract.js';
export type {
  SessionStoreContractOptions,
  SessionStoreContractPart,
} from './contract/session-store-contract.js';
export type { SessionStoreHarness } from './contract/contract.js';
export type { ContractExpect, ContractRunner } from './contract/contract-runner.js';
