import type { ObservedOperation, ObservedResult, SessionObserver } from '../session/session-observer.js';

/** Writes a line for every operation. Contains no secret, no value and no user. */
export class OperationLog implements SessionObserver {
  constructor(private readonly write: (line: string) => void) {}

  begin(begun: ObservedOperation): (result: ObservedResult) => void {
    return (result) => this.write(lineOf(begun, result));
  }
}

function lineOf(begun: ObservedOperation, result: ObservedResult): string {
  const { operation, session, reason, applicationName, background } = begun;
  const { outcome, errorCode, milliseconds, attempts, bytes, commands, roundTrips } = result;
  return [
    operation,
    ...(session === undefined ? [] : [`${session}…`]),
    `of ${applicationName}:`,
    errorCode ?? outcome,
    ...(reason === undefined || errorCode !== undefined ? [] : [`(${reason})`]),
    `in ${milliseconds.toFixed(1)} ms`,
    ...(bytes === 0 ? [] : [`${bytes} bytes`]),
    ...(commands === 0 ? [] : [`commands ${commands}`, `round trips ${roundTrips}`]),
    ...(attempts === 1 ? [] : [`attempts ${attempts}`]),
    ...(background ? ['in the background'] : []),
  ].join(' ');
}
