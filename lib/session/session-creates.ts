import type { AttributeChanges } from './session-attributes.js';
import type { SessionBindings } from './session-bindings.js';
import type { SentCreate, SessionCore } from './session-core.js';
import { type DrawnSecret, drawSecret } from './session-credential.js';
import { type IndexChanges, withChanges } from './session-index.js';
import { timeoutsOf, type SessionPolicy } from './session-policy.js';
import type { SessionStore, SessionTimeouts } from './session-store.js';
import { SessionConflictError } from './session.errors.js';
import { mayBeStored, type WriteStep } from './unknown-outcome.js';
import { authenticationIn } from './user-authentication.js';

const SETTLE_TRIES = 3;

type Given = Omit<SentCreate, 'secrets'>;

/** Stores new sessions, each once, even if the answer to its create is lost. */
export class SessionCreates {
  readonly #timeouts: SessionTimeouts;

  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionPolicy,
    private readonly bindings: SessionBindings,
  ) {
    this.#timeouts = timeoutsOf(policy);
  }

  async create(core: SessionCore, changes: AttributeChanges): Promise<void> {
    // In this order: the first one draws the second one.
    const { secretHash, newSecret } = core.identity;
    const indexed = this.bindings.changesOf(core, changes);
    const authenticated = authenticationIn(core, this.policy, indexed) !== undefined;
    const given = { changes, ownIdle: core.lifetime.ownIdle, indexed, authenticated };
    let step: WriteStep = 'not-sent';
    const write = async (): Promise<number> => {
      step = 'sent';
      const createdAt = await this.#send(core.id, given, secretHash);
      if (createdAt === undefined) throw idTaken(core.id);
      step = 'done';
      return createdAt;
    };
    try {
      created(core, given, await this.#bound(core, indexed, write), this.policy);
    } catch (error) {
      // A secret that the client has already cannot be replaced.
      if (newSecret !== undefined && mayBeStored(error, step))
        core.sentCreate = { ...given, secrets: [newSecret] };
      throw error;
    }
  }

  /**
   * Settles a create whose answer was lost. Never sends a secret twice: the lost create may still be on its way, and if it
   * arrives after a logout, nobody must be able to open what it stores.
   */
  async settle(core: SessionCore, sent: SentCreate): Promise<void> {
    const [createdAt, secret] = await this.#bound(core, sent.indexed, () => this.#sendAgain(core, sent));
    created(core, sent, createdAt, this.policy, secret);
  }

  async #sendAgain(core: SessionCore, sent: SentCreate): Promise<[createdAt: number, secret: DrawnSecret]> {
    for (let tries = 0; tries < SETTLE_TRIES; tries++) {
      const secret = drawSecret();
      const createdAt = await this.#send(core.id, sent, secret.secretHash).catch((error: unknown) => {
        if (mayBeStored(error)) mayBeCreated(core, sent, secret);
        throw error;
      });
      if (createdAt !== undefined) return stored(core, sent, createdAt, secret);
      const record = await this.store.load(core.id);
      const earlier = sent.secrets.find(({ secretHash }) => secretHash === record?.secretHash);
      if (record !== undefined && earlier !== undefined) return stored(core, sent, record.createdAt, earlier);
    }
    throw idTaken(core.id);
  }

  #bound<T>(core: SessionCore, indexed: IndexChanges | undefined, write: () => Promise<T>): Promise<T> {
    return indexed === undefined ? write() : this.bindings.bind(core, indexed, write);
  }

  #send(
    id: string,
    { changes, ownIdle, indexed, authenticated }: Given,
    secretHash: string,
  ): Promise<number | undefined> {
    const attributes = new Map<string, string>();
    for (const [name, text] of changes) if (text !== undefined) attributes.set(name, text);
    return this.store.create({
      ...this.#timeouts,
      id,
      secretHash,
      idleTimeoutInMilliseconds: ownIdle,
      attributes,
      schemaVersion: this.policy.shape?.version,
      authenticated,
      indexed: withChanges(undefined, indexed),
    });
  }
}

function created(
  core: SessionCore,
  { changes, ownIdle, indexed, authenticated }: Given,
  createdAt: number,
  { shape }: SessionPolicy,
  secret?: DrawnSecret,
): void {
  if (secret !== undefined) core.identity.drawn(secret);
  core.attributes.accept(changes, shape?.version);
  core.indexed = withChanges(undefined, indexed);
  core.created(createdAt, ownIdle, authenticated);
}

// A check may follow and fail, and the session is stored: with this secret.
function stored(
  core: SessionCore,
  sent: SentCreate,
  createdAt: number,
  secret: DrawnSecret,
): [number, DrawnSecret] {
  if (sent.indexed !== undefined) mayBeCreated(core, sent, secret);
  return [createdAt, secret];
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
