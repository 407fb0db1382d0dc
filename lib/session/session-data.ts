/**
 * The attributes of your sessions. Empty here; declare yours once and `request.session`, `@Session()` and the
 * repository are typed. `@Session('cart')` takes declared names only then.
 *
 * @example
 * ```ts
 * declare module 'nestjs-redis-session' {
 *   interface SessionData { cart: { sku: string; quantity: number }[] }
 * }
 * ```
 */
// An empty interface is the point: applications merge theirs into it.
// oxlint-disable-next-line typescript/no-empty-object-type
export interface SessionData {}
