import { sessionStoreContract } from 'nestjs-redis-session/testing';
import { MapStore as MyStore } from '../testing/map.store.js';

let time = Date.now();

sessionStoreContract({
  name: 'MyStore',
  create: () => ({
    store: new MyStore(() => time),
    other: new MyStore(() => time),
    elapse: (milliseconds) => {
      time += milliseconds;
    },
  }),
  without: ['index', 'devices', 'remaining'],
});
