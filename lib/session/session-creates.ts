import type { AttributeChanges } from './session-attributes.js';
import type { SentCreate, SessionCore } from './session-core.js';
import { type DrawnSecret, drawSecret } from './session-credential.js';
import type { SessionStore, SessionTimeouts } from './session-store.js';
import { SessionConflictError } from './session.errors.js';
import { mayBeStored } from './unknown-outcome.js';

const SETTLE_TRIES = 3;

type Given = Omit<SentCreate, 'secrets'>;

/** Stores new sessions, each once, even if the answer to its create is lost. */
export class SessionCreates {
  constructor(
    private readonly store: SessionStore,
    private readonly timeouts: SessionTimeouts,
  ) {}

  async create(core: SessionCore, changes: AttributeChanges): Promise<void> {
    // In this order: the first one draws the second one.
    const { secretHash, newSecret } = core.identity;
    const given = { changes, ownIdle: core.lifetime.ownIdle };
    try {
      const createdAt = await this.#send(core.id, given, secretHash);
      if (createdAt === undefined) throw idTaken(core.id);
      created(core, given, createdAt);
    } catch (error) {
      // A secret that the client has already cannot be replaced.
      if (newSecret !== undefined && mayBeStored(error)) core.sentCreate = { ...given, secrets: [newSecret] };
      throw error;
    }
  }

  /**
   * Settles a create whose answer was lost. Never sends a secret twice: the lost create may still be on its way, and if it
   * arrives after a logout, nobody must be able to open what it stores.
   */
  async settle(core: SessionCore, sent: SentCreate): Promise<void> {
    for (let tries = 0; tries < SETTLE_TRIES; tries++) {
      const secret = drawSecret();
      const createdAt = await this.#send(core.id, sent, secret.secretHash).catch((error: unknown) => {
        if (mayBeStored(error)) mayBeCreated(core, sent, secret);
        throw error;
      });
      if (createdAt !== undefined) return created(core, sent, createdAt, secret);
      const record = await this.store.load(core.id);
      const stored = sent.secrets.find(({ secretHash }) => secretHash === record?.secretHash);
      if (record !== undefined && stored !== undefined) return created(core, sent, record.createdAt, stored);
    }
    throw idTaken(core.id);
  }

  #send(id: string, { changes, ownIdle }: Given, secretHash: string): Promise<number | undefined> {
    const attributes = new Map<string, string>();
    for (const [name, text] of changes) if (text !== undefined) attributes.set(name, text);
    return this.store.create({
      ...this.timeouts,
      id,
      secretHash,
      idleTimeoutInMilliseconds: ownIdle,
      attributes,
    });
  }
}

function created(
  core: SessionCore,
  { changes, ownIdle }: Given,
  createdAt: number,
  secret?: DrawnSecret,
): void {
  if (secret !== undefined) core.identity.drawn(secret);
  core.attributes.accept(changes);
  core.created(createdAt, ownIdle);
}

function mayBeCreated({ identity }: SessionCore, { secrets }: SentCreate, secret: DrawnSecret): void {
  secrets.push(secret);
  identity.drawn(secret);
}

// 128 random bits do not repeat: the store is broken, or other software writes to it.
function idTaken(id: string): SessionConflictError {
  return new SessionConflictError(
    id,
    `The store already holds another session with the id ${id}; nothing was written. Ids are random and do not repeat: check what else writes to this store.`,
  );
}
