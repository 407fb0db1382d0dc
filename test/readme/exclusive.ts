import { Controller, Post } from '@nestjs/common';
import { Session, SessionState } from 'nestjs-redis-session';

interface Visits {
  visits: number;
}

@Controller()
export class CounterController {
  @Post('visits')
  @SessionState('exclusive')
  count(@Session() session: Session<Visits>) {
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  }
}
