import { Injectable } from '@nestjs/common';
import { SessionRepository } from 'nestjs-redis-session';

interface Notices {
  notice: string;
}

@Injectable()
export class OrderJob {
  constructor(private readonly sessions: SessionRepository) {}

  async sent(sessionId: string) {
    const session = await this.sessions.find<Notices>(sessionId);
    if (!session) return; // logged out, or expired
    session.notice = 'Your order is on its way.';
    await this.sessions.save(session);
  }

  async banned(sessionId: string) {
    await this.sessions.destroy(sessionId);
  }
}
