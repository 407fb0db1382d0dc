/** A command cannot go on. The message says why and what to do; it contains no secret. */
export class CommandFailure extends Error {}
