/** Nest without sessions. */
export function sessionsFor() {
  return { plain: true };
}
