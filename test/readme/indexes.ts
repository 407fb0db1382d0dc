import { RedisSessionModule } from 'nestjs-redis-session';

export const withIndexes = RedisSessionModule.forRoot({
  indexes: {
    user: (session) => session.passport?.user, // for Passport, in place of session.user
    idp: (session) => session.idpSid,
  },
});
