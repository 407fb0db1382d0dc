/** What the browser is told about a session when it has registered a key or refreshed its proof. */
export interface SessionInstructions {
  readonly refreshPath: string;
  /** The name and the attributes of the bound cookie: a browser that lacks it refreshes before it sends a request. */
  readonly cookie: { readonly name: string; readonly attributes: string };
  readonly allowedRefreshInitiators: readonly string[];
}

/** The JSON of the draft's section "JSON Session Instruction Format". */
export function instructionsFor(id: string, instructions: SessionInstructions): string {
  const { refreshPath, cookie, allowedRefreshInitiators } = instructions;
  return JSON.stringify({
    session_identifier: id,
    refresh_url: refreshPath,
    scope: { include_site: false, scope_specification: [] },
    credentials: [{ type: 'cookie', name: cookie.name, attributes: cookie.attributes }],
    ...(allowedRefreshInitiators.length > 0 && { allowed_refresh_initiators: allowedRefreshInitiators }),
  });
}
