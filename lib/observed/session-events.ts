import type { BegunOperation } from './observation.js';
import type { EmitSessionEvent, SessionEvent, SessionEventTarget } from '../session/session-event.js';
import type { SessionOutcome } from '../session/session-observer.js';

/** Passes events to the application. Exists only if it listens. */
export class SessionEvents {
  #faulty = false;

  constructor(
    private readonly target: SessionEventTarget,
    private readonly applicationName: string,
    private readonly warn: (message: string) => void,
  ) {}

  readonly emit: EmitSessionEvent = (event) => {
    const { applicationName } = this;
    // Later, so that a slow listener does not delay the answer of its own request.
    setImmediate(this.#tell, Object.freeze({ ...event, applicationName }));
  };

  /** Reports what an operation on the store has done. */
  readonly ended = ({ operation, id, reason }: BegunOperation, outcome: SessionOutcome): void => {
    if (id === undefined) return;
    if (outcome === 'created') this.emit({ name: 'session.created', id });
    else if (outcome === 'destroyed')
      this.emit({ name: 'session.destroyed', id, reason: reason ?? 'destroyed' });
    else if (operation === 'rotate' && outcome === 'saved') this.emit({ name: 'session.rotated', id });
    // A renewal that notices the loss harms nothing; a save that is refused does.
    else if (operation !== 'renewLock' && outcome === 'lock-lost')
      this.emit({ name: 'session.lockLost', id });
  };

  readonly #tell = async (event: SessionEvent): Promise<void> => {
    try {
      await call(this.target, event);
    } catch (error) {
      if (this.#faulty) return;
      this.#faulty = true;
      this.warn(
        `A listener of the event ${event.name} failed; requests go on, and further errors of listeners are not logged: ${String(error)}`,
      );
    }
  };
}

function call(target: SessionEventTarget, event: SessionEvent): unknown {
  if (typeof target === 'function') return target(event);
  // EventEmitter2 has it: it reports listeners that reject. emit() would leave their rejections to the process.
  const { emitAsync } = target as { emitAsync?: (name: string, event: SessionEvent) => Promise<unknown> };
  return emitAsync === undefined ? target.emit(event.name, event) : emitAsync.call(target, event.name, event);
}
