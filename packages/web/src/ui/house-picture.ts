/**
 * The picture of the house: a stage with one lamp per person on it, and rows of seats that catch its
 * light. What it shows is true: lamps are people, light is the level that is heard, a wave runs back
 * through the rows as sound does, one seat is yours while you listen. It paints only while something
 * moves, at most 30 times a second, and stands still for those who prefer that.
 */
import { h } from './dom.ts';
import { type HousePlan, planHouse } from './house-plan.ts';
import { prefersStillness, THEME_EVENT } from './look.ts';

export interface HouseLight {
  /** Loudness now, 0 to 1; read before each painting. */
  level(): number;
  /** One per person on stage: 0 (in the dark) to 1 (speaking). */
  readonly lamps: readonly number[];
  /** House lights, 0 (down: the show is on) to 1 (up). */
  readonly houseLights: number;
  /** Whether you sit in the house. */
  readonly seated: boolean;
}

const FRAME_MS_MIN = 33;
/** Paintings a wave takes from one row to the next. */
const ROW_DELAY = 3;
const STILL = 0.004;

interface Colours {
  readonly seat: string;
  readonly lit: string;
  readonly glow: string;
  readonly yours: string;
}

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    seat: read('--seat'),
    lit: read('--seat-lit'),
    glow: read('--stage-glow'),
    yours: read('--live'),
  };
}

/** Paints one house into `element`. */
export class HousePicture {
  /** Decorative: hidden from those who hear the page, who are told the same in words. */
  readonly element: HTMLElement;
  private readonly canvas = h('canvas');
  private readonly context: CanvasRenderingContext2D;
  private readonly resizes: ResizeObserver;
  private readonly leaving = new AbortController();
  private plan: HousePlan = planHouse(320, 240);
  private colours: Colours;
  private light: HouseLight;
  private readonly past: number[] = [];
  private lamps: number[] = [];
  private envelope = 0;
  private houseLights: number;
  private frame = 0;
  private paintedAtMs = 0;

  constructor(light: HouseLight) {
    this.context = this.canvas.getContext('2d')!;
    this.light = light;
    this.houseLights = light.houseLights;
    this.colours = coloursOf(document.body);
    this.element = h('div', { class: 'house', 'aria-hidden': 'true' }, this.canvas);
    this.resizes = new ResizeObserver(this.resize);
    this.resizes.observe(this.canvas);
    const { signal } = this.leaving;
    window.addEventListener(THEME_EVENT, this.recolour, { signal });
    document.addEventListener('visibilitychange', () => this.wake(), { signal });
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.resizes.disconnect();
    this.leaving.abort();
  }

  show(light: HouseLight): void {
    this.light = light;
    this.wake();
  }

  private readonly recolour = (): void => {
    this.colours = coloursOf(this.canvas);
    this.wake();
  };

  /** Paints at once: to be called when the element has been put into the page. */
  readonly resize = (): void => {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    const scale = Math.min(2, window.devicePixelRatio || 1);
    this.canvas.width = Math.round(clientWidth * scale);
    this.canvas.height = Math.round(clientHeight * scale);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.plan = planHouse(clientWidth, clientHeight);
    this.paint();
  };

  private wake(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(this.step);
  }

  private readonly step = (atMs: number): void => {
    this.frame = 0;
    if (atMs - this.paintedAtMs < FRAME_MS_MIN) {
      this.wake();
      return;
    }
    this.paintedAtMs = atMs;
    const moved = this.advance();
    this.paint();
    if (moved && !document.hidden) this.wake();
  };

  /** @returns whether anything still moves */
  private advance(): boolean {
    const target = this.light.level();
    if (prefersStillness()) {
      this.envelope = Math.round(target * 3) / 3;
      this.past.length = 0;
      this.lamps = [...this.light.lamps];
      this.houseLights = this.light.houseLights;
      return false;
    }
    this.envelope += (target - this.envelope) * (target > this.envelope ? 0.3 : 0.08);
    this.past.unshift(this.envelope);
    this.past.length = Math.min(this.past.length, ROW_DELAY * this.plan.rows + 1);
    this.lamps = this.light.lamps.map((to, index) => {
      const from = this.lamps[index] ?? 0;
      return from + (to - from) * 0.18;
    });
    const dimming = this.light.houseLights - this.houseLights;
    this.houseLights += dimming * 0.07;
    const lampsMove = this.lamps.some(
      (lamp, index) => Math.abs(lamp - this.light.lamps[index]!) > STILL,
    );
    const waveMoves = this.past.some((level) => Math.abs(level - target) > STILL);
    return lampsMove || waveMoves || target > STILL || Math.abs(dimming) > STILL;
  }

  private paint(): void {
    const { context, plan } = this;
    context.clearRect(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    this.paintStage();
    plan.seats.forEach((seat, index) => {
      const level = this.past[seat.row * ROW_DELAY] ?? this.envelope;
      const near = 1 - seat.row / plan.rows;
      const off = Math.abs(seat.x - plan.stage.x) / (plan.stage.halfWidth * 2.6);
      const shine = level * (0.3 + 0.7 * near) * Math.max(0.15, 1 - off * off);
      const lit = Math.min(1, this.houseLights * 0.28 + shine);
      const yours = this.light.seated && index === plan.yours;
      this.paintSeat(seat.x, seat.y, seat.size, lit, yours);
    });
  }

  private paintSeat(x: number, y: number, size: number, lit: number, yours: boolean): void {
    const { context, colours } = this;
    const width = size * 1.02;
    const height = size * 0.82;
    context.beginPath();
    context.roundRect(x - width / 2, y - height / 2, width, height, [
      size * 0.42,
      size * 0.42,
      size * 0.16,
      size * 0.16,
    ]);
    context.globalAlpha = 1;
    context.fillStyle = yours ? colours.yours : colours.seat;
    context.fill();
    if (!yours && lit > 0.01) {
      context.globalAlpha = lit;
      context.fillStyle = colours.lit;
      context.fill();
    }
    context.globalAlpha = 1;
  }

  private paintStage(): void {
    const { context, colours, plan } = this;
    const { x, y, halfWidth } = plan.stage;
    const lampsOn = this.lamps.reduce((most, lamp) => Math.max(most, lamp), 0);
    const strength = 0.12 + 0.3 * Math.max(this.envelope, lampsOn);
    const reach = halfWidth * 1.3;
    const pool = context.createRadialGradient(0, 0, 0, 0, 0, reach);
    pool.addColorStop(0, colours.glow);
    pool.addColorStop(1, `${colours.glow}00`);
    context.globalAlpha = strength;
    context.fillStyle = pool;
    context.save();
    context.translate(x, y);
    context.scale(1, Math.min(0.5, y / reach));
    context.fillRect(-reach, -reach, reach * 2, reach * 2);
    context.restore();
    this.lamps.forEach((lamp, index) => {
      this.paintLamp(x + (index - (this.lamps.length - 1) / 2) * this.lampPitch(), lamp);
    });
    context.globalAlpha = 0.85;
    context.strokeStyle = colours.lit;
    context.lineWidth = 2.5;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(x - halfWidth, y + 4);
    context.quadraticCurveTo(x, y + 16, x + halfWidth, y + 4);
    context.stroke();
    context.globalAlpha = 1;
  }

  private lampPitch(): number {
    return Math.min(58, (this.plan.stage.halfWidth * 1.7) / Math.max(1, this.lamps.length));
  }

  /** A beam from above onto somebody on stage. */
  private paintLamp(x: number, lamp: number): void {
    const { context, colours, plan } = this;
    const { y } = plan.stage;
    const half = Math.min(26, this.lampPitch() * 0.46);
    const beam = context.createLinearGradient(0, 0, 0, y + 6);
    beam.addColorStop(0, `${colours.glow}00`);
    beam.addColorStop(1, colours.glow);
    context.globalAlpha = 0.06 + lamp * 0.5;
    context.fillStyle = beam;
    context.beginPath();
    context.moveTo(x - half * 0.2, 0);
    context.lineTo(x + half * 0.2, 0);
    context.lineTo(x + half, y + 7);
    context.lineTo(x - half, y + 7);
    context.fill();
    const figure = Math.min(1.5, Math.max(0.9, plan.stage.y / 55));
    context.globalAlpha = 0.4 + lamp * 0.6;
    context.fillStyle = colours.lit;
    context.beginPath();
    context.arc(x, y - 13 * figure, 4.6 * figure, 0, Math.PI * 2);
    context.roundRect(x - 6.5 * figure, y - 6.5 * figure, 13 * figure, 10 * figure, [
      6 * figure,
      6 * figure,
      0,
      0,
    ]);
    context.fill();
  }
}
