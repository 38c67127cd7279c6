/**
 * The server's certificates: it signs what a rehearsal of itself held, keeps the newest, and says what
 * each is worth now [P8]. Refuses a rehearsal of any other server, one that held nothing, one that is not
 * fresh, and one that went beyond its permit. What the figures are is the rehearsal's word; that they
 * are of this build, configuration, machine and topology is the server's.
 */
import { ParterreError } from '@parterre/protocol';
import {
  CERTIFICATES_KEPT_MAX,
  type Certificate,
  type CurrentCapacity,
  type KeptCertificate,
} from '@parterre/protocol/certificate';
import type { RehearsalResult } from '@parterre/protocol/rehearsal';
import {
  certificateText,
  checkCertificate,
  differences,
  issueCertificate,
  objectionTo,
  readCertificate,
} from '@parterre/rehearsal/certificate';
import type { Permit } from '@parterre/rehearsal/permit';
import { thinned } from '@parterre/rehearsal/thinning';
import type { StoredCertificate } from '../ports/store.ts';
import type { Witness } from './caller.ts';
import type { ApiOptions } from './instance.ts';

/** A result older than this, or from so far ahead, is of another day's server. */
const AGE_MS_MAX = 24 * 3_600_000;
const AHEAD_MS_MAX = 5 * 60_000;
/** Samples of a timeline that are kept for the report. */
const KEPT_SAMPLES_MAX = 600;
const ID_BYTES = 8;

export class Certificates {
  readonly #options: ApiOptions;
  /** Undefined until the store was asked. */
  #newest: Certificate | null | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** @throws ParterreError `server_differs`, `not_held`, `bad_request`, `forbidden`, `disk_full` */
  async issue(result: RehearsalResult, witness: Witness): Promise<Certificate> {
    const { store, clock, random, log, signing, server, publicUrl, keepNewest } = this.#options;
    const nowMs = clock.wallMs();
    this.#judge(result, witness, nowMs);
    const certificate = issueCertificate({
      key: signing,
      result,
      server,
      id: Buffer.from(random.bytes(ID_BYTES)).toString('hex'),
      issuer: publicUrl,
      broughtBy: witness.by,
      nowMs,
    });
    const { id } = certificate.payload;
    const text = certificateText(certificate);
    const stored: StoredCertificate = {
      id,
      issuedAtMs: nowMs,
      certificate: text,
      result: JSON.stringify(thinned(result, KEPT_SAMPLES_MAX)),
    };
    if (!(await store.addCertificate(stored, CERTIFICATES_KEPT_MAX)))
      throw new Error('A certificate has the identifier of another.');
    this.#newest = certificate;
    await keepNewest(text).catch((error: unknown) => {
      log.warn({ err: error }, 'the newest certificate could not be put where commands find it');
    });
    log.info({ certificate: id, ...certificate.payload.capacity }, 'issued a certificate');
    return certificate;
  }

  /** Newest first; what another version of the program kept and this one cannot read is passed over. */
  async list(limit: number): Promise<readonly KeptCertificate[]> {
    const texts = await this.#options.store.certificates(limit);
    return texts
      .map((text) => this.#kept(text))
      .filter((certificate) => certificate !== null)
      .map((certificate) => ({ ...this.#standing(certificate), certificate }));
  }

  /** @throws ParterreError `unknown_certificate` */
  async one(id: string): Promise<StoredCertificate> {
    const stored = await this.#options.store.certificate(id);
    if (stored === null) throw new ParterreError('unknown_certificate');
    return stored;
  }

  async current(): Promise<CurrentCapacity> {
    const { signing, store } = this.#options;
    if (this.#newest === undefined) {
      const [text] = await store.certificates(1);
      this.#newest ??= text === undefined ? null : this.#kept(text);
    }
    const { publicKey, fingerprint } = signing;
    if (this.#newest === null) return { publicKey, fingerprint, current: null };
    const { id, issuedAtMs, expiresAtMs, rehearsal, capacity } = this.#newest.payload;
    const { scenario, profile } = rehearsal;
    const of = { id, issuedAtMs, expiresAtMs, scenario, profile, capacity };
    return { publicKey, fingerprint, current: { ...this.#standing(this.#newest), ...of } };
  }

  #judge(result: RehearsalResult, witness: Witness, nowMs: number): void {
    const objection = objectionTo(result);
    if (objection !== null) throw new ParterreError('not_held', objection);
    const differs =
      result.server === null ? null : differences(result.server, this.#options.server);
    if (differs === null) throw new ParterreError('server_differs', 'It names no server.');
    if (differs.length > 0)
      throw new ParterreError('server_differs', `These differ: ${differs.join(', ')}.`);
    const { beganAtMs, endedAtMs } = result;
    if (endedAtMs < nowMs - AGE_MS_MAX || endedAtMs > nowMs + AHEAD_MS_MAX || beganAtMs > endedAtMs)
      throw new ParterreError('bad_request', 'body.endedAtMs must be within the last day.');
    if (witness.by === 'permit') keepWithin(witness.permit, result);
  }

  #kept(text: string): Certificate | null {
    const certificate = readCertificate(text);
    if (certificate === null)
      this.#options.log.warn({}, 'a stored certificate cannot be read; it counts for nothing');
    return certificate;
  }

  #standing(certificate: Certificate): Pick<KeptCertificate, 'state' | 'differs'> {
    const { clock, server, signing } = this.#options;
    const { state, differs } = checkCertificate(
      certificate,
      signing.publicKey,
      clock.wallMs(),
      server,
    );
    return { state, differs: [...differs] };
  }
}

/** @throws ParterreError `forbidden` when more was done than the permit allows */
function keepWithin(permit: Permit, { exercised }: RehearsalResult): void {
  const { listeners, joinsPer10S } = exercised;
  if (listeners > permit.listeners || joinsPer10S > permit.joinsPerS)
    throw new ParterreError('forbidden', 'The rehearsal went beyond its permit.');
}
