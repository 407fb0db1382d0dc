/** The attributes of spans and metrics that OpenTelemetry's semantic conventions do not name. They are stable. */
export const attributeNames = {
  application: 'nestjs_redis_session.application',
  operation: 'nestjs_redis_session.operation',
  outcome: 'nestjs_redis_session.outcome',
  reason: 'nestjs_redis_session.reason',
  session: 'nestjs_redis_session.session',
  attempts: 'nestjs_redis_session.attempts',
  bytes: 'nestjs_redis_session.bytes',
  commands: 'nestjs_redis_session.commands',
  roundTrips: 'nestjs_redis_session.round_trips',
} as const;
