/** `parterre plan`: what an audience takes, from a certificate and a table of prices, in plain words. */
import { readFileSync } from 'node:fs';
import {
  examplePrices,
  type Plan,
  PlanError,
  type Prices,
  planFor,
} from '@parterre/rehearsal/plan';
import { Type } from 'typebox';
import Value from 'typebox/value';
import { certificateFrom } from './command-certificate.ts';
import { ConfigError } from './config.ts';
import { numberOf, wordsOf } from './flags.ts';

const LISTENERS_MAX = 10_000_000_000;
const BITRATE_KBPS_MAX = 10_000;
const closed = { additionalProperties: false } as const;
const Amount = Type.Number({ minimum: 0, maximum: 1e12 });
const Positive = Type.Number({ exclusiveMinimum: 0, maximum: 1e15 });
const PricesSchema = Type.Object(
  {
    currency: Type.String({ minLength: 1, maxLength: 20 }),
    machine: Type.Object(
      {
        name: Type.String({ maxLength: 200 }),
        cores: Type.Integer({ minimum: 1, maximum: 10_000 }),
        memoryBytes: Positive,
        egressGbps: Positive,
        perHour: Amount,
      },
      closed,
    ),
    egressPerGb: Amount,
  },
  closed,
);

/** @returns 0 planned, 1 the certificate says nothing of it. @throws ConfigError for wrong words */
export async function planCommand(args: string[]): Promise<number> {
  const { own, positionals, config } = wordsOf(args, {
    listeners: 'string',
    certificate: 'string',
    prices: 'string',
    bitrate: 'string',
    json: 'boolean',
  });
  if (positionals.length > 0) throw new ConfigError(`"${positionals[0]}" has no meaning here.`);
  const listeners = numberOf('--listeners', own.listeners, { min: 1, max: LISTENERS_MAX });
  const rate = { min: 1, max: BITRATE_KBPS_MAX, whole: false };
  const bitrateKbps = own.bitrate === undefined ? null : numberOf('--bitrate', own.bitrate, rate);
  const { payload } = certificateFrom(config, own.certificate);
  const prices = own.prices === undefined ? examplePrices(payload) : pricesFrom(own.prices);
  try {
    const plan = planFor(payload, { listeners, prices, bitrateKbps });
    const expired = Date.now() >= payload.expiresAtMs;
    if (own.json) process.stdout.write(`${JSON.stringify({ ...plan, expired })}\n`);
    else process.stdout.write(planText(plan, prices, expired));
    return 0;
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    process.stderr.write(`parterre: ${error.message}\n`);
    return 1;
  }
}

/** @throws ConfigError */
function pricesFrom(file: string): Prices {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${file} cannot be read as JSON: ${(error as Error).message}`);
  }
  if (Value.Check(PricesSchema, found)) return found;
  const [first] = Value.Errors(PricesSchema, found);
  throw new ConfigError(
    `${file} is no table of prices: ${first?.instancePath || 'the whole'} ${first?.message ?? 'does not fit'}. docs/operate/capacity.md shows one.`,
  );
}

function planText(plan: Plan, prices: Prices, expired: boolean): string {
  const { load, costPerHour, currency } = plan;
  const number = (value: number): string =>
    value >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
  const share = (of: number | null): string =>
    of === null ? 'not measured' : `${number(of * 100)} %`;
  const money = (amount: number): string => `${number(amount)} ${currency}`;
  const bound =
    plan.boundedBy === 'certificate'
      ? 'what the certificate verified'
      : 'the link of the machine, not the certificate';
  const lines = [
    `For ${number(plan.listeners)} listeners`,
    '',
    `  Machines      ${number(plan.machines)} and ${plan.machinesWithSpare - plan.machines} spare: ${number(plan.machinesWithSpare)} of "${prices.machine.name}"`,
    `                ${number(plan.perMachine)} listeners each at most, bounded by ${bound}`,
    `  Cores         ${number(plan.cores)}${plan.coresBusy === null ? '' : `, ${number(plan.coresBusy)} of them busy with a full house that still grows`}`,
    `  Memory        ${number(plan.memoryBytes / 2 ** 30)} GiB${plan.memoryUsedBytes === null ? '' : `, listeners take ${number(plan.memoryUsedBytes / 2 ** 30)}`}`,
    `  Egress        ${number(plan.egressGbps)} Gbit/s`,
    `  Joins         ${number(plan.joinsPerS)} a second, so the house fills in ${Number.isFinite(plan.minutesToFill) ? `${number(plan.minutesToFill)} minutes` : 'a time that was not measured'}`,
    `  Cost          ${money(costPerHour.machines + costPerHour.egress)} an hour: machines ${money(costPerHour.machines)}, egress ${money(costPerHour.egress)}`,
    `  First scarce  ${SCARCE[plan.saturatesFirst]}: on one full machine processor ${share(load.cpu)}, memory ${share(load.memory)}, link ${share(load.egress)}, connections ${share(load.descriptors)}`,
    '',
    '  This assumes',
    ...plan.assumptions.map((sentence) => `    - ${sentence}`),
    ...(expired
      ? ['', '  The certificate has expired: rehearse again before you rely on this.']
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

const SCARCE = {
  cpu: 'processor time',
  memory: 'memory',
  egress: 'the link',
  descriptors: 'connections an edge takes',
} as const;
