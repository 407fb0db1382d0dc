import type { Request } from 'express';
import 'nestjs-redis-session';

declare module 'nestjs-redis-session' {
  interface SessionData {
    locale: 'en' | 'de';
  }
}

export function localeOf(request: Request): 'en' | 'de' {
  return request.session.locale ?? 'en';
}
