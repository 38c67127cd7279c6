/**
 * Brings a voice to the programme's loudness. It measures as EBU R 128 does (400 ms blocks every 100 ms,
 * K-weighted, a relative gate of 10 LU), over the voice's recent speech, and moves one slow gain towards
 * target − measured. The gain moves only while there is speech: silence and steady noise never raise it,
 * so nothing pumps. Speech is a block that is loud, or that stands out of the noise floor (the quietest
 * 100 ms of the last seconds). What the programme's limiter takes from a peaky voice is measured too and
 * made up for, within bounds. Loudness in LUFS, gain in dB.
 */
import { FRAME_MS } from '@parterre/protocol';
import { KWeightedMeter, lufsOf } from './k-weighting.ts';

export const TARGET_LUFS = -16;
/** What comes out of limiter and encoder measures lower by about this: nine voices, tried at −40 to −8 LUFS. */
const AIM_ABOVE_LU = 0.5;
const GAIN_DB_MIN = -20;
const GAIN_DB_MAX = 32;
/** Below this nothing is speech. */
const SPEECH_LUFS_MIN = -53;
/** Above this everything counts, music too. */
const LOUD_LUFS = -30;
const ABOVE_FLOOR_LU = 8;
const RELATIVE_GATE_LU = 10;
/** The most that is made up for the limiter. */
const MAKE_UP_DB_MAX = 8;
/** Short, since the loss follows the gain: about 3 s of speech. */
const LOSS_MEMORY_STEPS = 30;
const FRAMES_PER_STEP = 5;
const STEPS_PER_BLOCK = 4;
/** The noise floor is looked for in the last 5 s. */
const FLOOR_STEPS = 50;
/** The measurement remembers about 15 s of speech. */
const MEMORY_STEPS = 150;
/** After this much speech below the relative gate the voice has moved away: learn anew. */
const RELEARN_STEPS = 30;
/** While so little has been heard the gain moves fast. */
const FIRST_STEPS = 20;
const UP_DB_PER_S = { first: 14, later: 3 };
const DOWN_DB_PER_S = { first: 40, later: 8 };
const STEP_S = (FRAMES_PER_STEP * FRAME_MS) / 1000;
/** `speaking` outlasts the last loud frame by 300 ms. */
const HANG_FRAMES = 15;

export class Leveller {
  readonly #meter: KWeightedMeter;
  readonly #steps = new Float64Array(FLOOR_STEPS);
  /** What the limiter left of each of the last steps. */
  readonly #limitedSteps = new Float64Array(STEPS_PER_BLOCK);
  #stepCount = 0;
  #stepSum = 0;
  #limitedSum = 0;
  #framesInStep = 0;
  #floorLufs = -120;
  #estimate = 0;
  /** Energy of the last few seconds of speech, and what the limiter left of it. */
  #recent = 0;
  #recentLimited = 0;
  #weight = 0;
  #belowGate = 0;
  #gainDb = 0;
  #sinceLoudFrames = HANG_FRAMES;
  #frameLufs = -120;

  constructor(channels: 1 | 2) {
    this.#meter = new KWeightedMeter(channels);
  }

  /** What the voice is to be multiplied with, linear. */
  get gain(): number {
    return 10 ** (this.#gainDb / 20);
  }

  get gainDb(): number {
    return this.#gainDb;
  }

  /** Loudness of the last frame after the gain, LUFS. */
  get levelledLufs(): number {
    return this.#frameLufs + this.#gainDb;
  }

  get speaking(): boolean {
    return this.#sinceLoudFrames < HANG_FRAMES;
  }

  /**
   * Takes in one frame of 20 ms, before any gain. `kept` is the share of the energy that the limiter
   * lets through at present, 0…1.
   */
  measure(pcm: Float32Array, kept: number): void {
    const meanSquare = this.#meter.measure(pcm);
    this.#frameLufs = lufsOf(meanSquare);
    const standsOut = Math.min(LOUD_LUFS, this.#floorLufs + ABOVE_FLOOR_LU);
    const loud = this.#frameLufs > Math.max(SPEECH_LUFS_MIN, standsOut);
    this.#sinceLoudFrames = loud ? 0 : Math.min(HANG_FRAMES, this.#sinceLoudFrames + 1);
    this.#stepSum += meanSquare;
    this.#limitedSum += meanSquare * kept;
    this.#framesInStep += 1;
    if (this.#framesInStep === FRAMES_PER_STEP) this.#step();
  }

  /** A frame that is known to be silent. */
  rest(): void {
    this.#frameLufs = -120;
    this.#sinceLoudFrames = Math.min(HANG_FRAMES, this.#sinceLoudFrames + 1);
  }

  #step(): void {
    this.#steps[this.#stepCount % FLOOR_STEPS] = this.#stepSum / FRAMES_PER_STEP;
    this.#limitedSteps[this.#stepCount % STEPS_PER_BLOCK] = this.#limitedSum / FRAMES_PER_STEP;
    this.#stepCount += 1;
    this.#stepSum = 0;
    this.#limitedSum = 0;
    this.#framesInStep = 0;
    const filled = Math.min(this.#stepCount, FLOOR_STEPS);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < filled; i += 1) least = Math.min(least, this.#steps[i]!);
    this.#floorLufs = lufsOf(least);
    if (this.#stepCount < STEPS_PER_BLOCK) return;
    let block = 0;
    for (let i = 1; i <= STEPS_PER_BLOCK; i += 1) {
      block += this.#steps[(this.#stepCount - i) % FLOOR_STEPS]! / STEPS_PER_BLOCK;
    }
    const blockLufs = lufsOf(block);
    const stands = blockLufs > this.#floorLufs + ABOVE_FLOOR_LU || blockLufs > LOUD_LUFS;
    if (blockLufs < SPEECH_LUFS_MIN || !stands) return;
    this.#learn(block, blockLufs);
    this.#move();
  }

  #learn(block: number, blockLufs: number): void {
    if (this.#weight > 0 && blockLufs < lufsOf(this.#estimate) - RELATIVE_GATE_LU) {
      this.#belowGate += 1;
      if (this.#belowGate < RELEARN_STEPS) return;
      this.#weight = 0;
    }
    this.#belowGate = 0;
    this.#weight = Math.min(this.#weight + 1, MEMORY_STEPS);
    this.#estimate += (block - this.#estimate) / this.#weight;
    // While the gain is still finding its place, the loss says nothing of the gain to come.
    if (this.#weight < FIRST_STEPS) return;
    let limited = 0;
    for (const step of this.#limitedSteps) limited += step / STEPS_PER_BLOCK;
    this.#recent += (block - this.#recent) / LOSS_MEMORY_STEPS;
    this.#recentLimited += (limited - this.#recentLimited) / LOSS_MEMORY_STEPS;
  }

  #move(): void {
    const measured = lufsOf(this.#estimate);
    const lossDb = this.#recent > 0 ? 10 * Math.log10(this.#recent / this.#recentLimited) : 0;
    const makeUp = Math.min(MAKE_UP_DB_MAX, lossDb);
    const wanted = TARGET_LUFS + AIM_ABOVE_LU - measured + makeUp;
    const bounded = Math.min(GAIN_DB_MAX, Math.max(GAIN_DB_MIN, wanted));
    const pace = this.#weight < FIRST_STEPS ? 'first' : 'later';
    const change = bounded - this.#gainDb;
    const up = UP_DB_PER_S[pace] * STEP_S;
    const down = DOWN_DB_PER_S[pace] * STEP_S;
    this.#gainDb += Math.min(up, Math.max(-down, change));
  }
}
