/** Where finished recordings lie: whole files, written once, then read with ranges. */
export interface ReplayInfo {
  readonly spaceId: string;
  readonly title: string;
  readonly host: string;
  readonly durationMs: number;
  readonly liveAtMs: number;
  /** One value per `peakEveryMs`, 0…255. */
  readonly peaks: readonly number[];
  readonly peakEveryMs: number;
  /** Who spoke when, ms from the beginning of the recording. */
  readonly turns: readonly {
    readonly name: string;
    readonly fromMs: number;
    readonly toMs: number;
  }[];
}

/** Names under `spaces/{id}/`: `replay.mp4`, `replay.ogg`, `replay.json`. */
export type ReplayFile = 'replay.mp4' | 'replay.ogg' | 'replay.json';

/** A recording being written: seen by nobody before `commit`. */
export interface RecordingFile {
  /** @throws ParterreError `disk_full` */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable and puts it in place of an earlier one. @throws ParterreError `disk_full` */
  commit(): Promise<void>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

export interface RecordingStore {
  create(spaceId: string, file: ReplayFile): Promise<RecordingFile>;
  /** Removes the recordings of a space. */
  remove(spaceId: string): Promise<void>;
}
