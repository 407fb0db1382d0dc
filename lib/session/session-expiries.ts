/** A session whose timeout was over. */
export interface ExpiredSession {
  readonly id: string;
  /** Attribute name to serialized text, for those of the attributes to keep that the session had. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Finds out which sessions have expired. */
export interface SessionExpiries {
  /**
   * Takes sessions that have expired. Each is returned once, to one of the processes that ask. Destroyed sessions are not
   * returned.
   * @param signal ends the wait of a process that shuts down: others get the sessions then
   * @returns some of them, in any order; an empty list if there is none now
   */
  take(signal: AbortSignal): Promise<readonly ExpiredSession[]>;
}
