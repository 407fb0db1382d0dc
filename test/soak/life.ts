import { LATE_WITHIN_MILLISECONDS } from './register.js';

/** Something that may end a life: when it began, and when it has had its time (not known while it is under way). */
export interface Threat {
  readonly from: number;
  until: number;
}

/** Whether a session or a credential is there, as far as its users can know. What has ended stays ended. */
export class Life {
  #threats = new Set<Threat>();
  #endedBy = Infinity;

  get ended(): boolean {
    return this.#endedBy !== Infinity;
  }

  /** Nothing is known to end it, or to have ended it. */
  get certain(): boolean {
    return !this.ended && this.#threats.size === 0;
  }

  /** A request that may end it begins. */
  threaten(from: number): Threat {
    const threat = { from, until: Infinity };
    this.#threats.add(threat);
    return threat;
  }

  /** How that request ended: it did, it did not, or nobody knows. */
  resolve(threat: Threat, outcome: 'done' | 'refused' | 'unknown', at: number): void {
    if (outcome === 'done') this.end(at);
    else if (outcome === 'refused') this.#threats.delete(threat);
    else threat.until = at + LATE_WITHIN_MILLISECONDS;
  }

  /** It is not there any more from this time on. */
  end(at: number): void {
    this.#endedBy = Math.min(this.#endedBy, at);
  }

  /** A request that began then has found it. @returns whether it may have. */
  found(begin: number): boolean {
    for (const threat of this.#threats) if (threat.until < begin) this.#threats.delete(threat);
    return begin < this.#endedBy;
  }

  /** Whether a request that ended then may have missed it. */
  mayBeMissed(end: number): boolean {
    return this.#endedBy <= end || [...this.#threats].some(({ from }) => from <= end);
  }
}
