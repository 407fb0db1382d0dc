import type { INestApplication } from '@nestjs/common';
import passport from 'passport';

export function usePassport(app: INestApplication) {
  // main.ts, on Express; the session is loaded before any middleware of yours
  app.use(passport.session());
}
