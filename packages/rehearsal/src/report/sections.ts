/** The report's parts that are words and tables: promises, percentiles, costs, setting, certificate. */
import type { Certificate } from '@parterre/protocol/certificate';
import type { Machine, MixerLateness, RehearsalResult } from '@parterre/protocol/rehearsal';
import type { Figures } from './figures.ts';
import { html, type Markup, NOTHING } from './html.ts';
import { timeText } from './plot.ts';
import type { ReportWords } from './words.ts';

/** What every part is made from. */
export interface Page {
  readonly result: RehearsalResult;
  readonly certificate: Certificate | null;
  readonly words: ReportWords;
  readonly say: Figures;
}

export function tiles({ result, words, say }: Page): Markup {
  const { exercised, totals, latencyMs, joinMs } = result;
  const shown: readonly (readonly [string, string])[] = [
    [words.listeners, say.whole(exercised.listeners)],
    [words.joinsPer10S, say.whole(exercised.joinsPer10S)],
    [words.gaps, say.whole(totals.gaps + totals.dry + totals.wrongBytes)],
    [
      words.latency,
      latencyMs === null ? '–' : `${say.ms(latencyMs.p50)} · ${say.ms(latencyMs.p99)}`,
    ],
    [words.join, joinMs === null ? '–' : say.ms(joinMs.p95)],
    [words.listened, say.short(exercised.listenedSeconds / 3_600)],
  ];
  return html`<dl class="tiles">${shown.map(([name, value]) => html`<div class="tile"><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
`;
}

export function promises({ result, words, say }: Page): Markup {
  const amount = (measure: string, value: number): string =>
    measure.endsWith('_s')
      ? say.seconds(value)
      : /_(?:share|loss)$/.test(measure)
        ? say.percent(value)
        : say.short(value);
  const rows = result.promises.map(
    ({ promise, measure, limit, measured, held }) =>
      html`<tr><td>${promise}</td><th scope="row">${words.measures[measure] ?? measure}</th><td>${amount(measure, limit)}</td><td>${amount(measure, measured)}</td><td class="${held ? 'held' : 'broken'}">${held ? `✓ ${words.kept}` : `✗ ${words.notKept}`}</td></tr>`,
  );
  return html`<section><h2>${words.promises}</h2><div class="scroll"><table><thead><tr><th scope="col">${words.promise}</th><th scope="col">${words.measure}</th><th scope="col">${words.limit}</th><th scope="col">${words.measured}</th><th scope="col">${words.verdict}</th></tr></thead><tbody>${rows}</tbody></table></div>
<p class="soft">${words.saturated(words.saturation[result.saturated])}</p></section>
`;
}

export function percentiles({ result, words, say }: Page): Markup {
  const measured = [
    [words.latencyRow, result.latencyMs],
    [words.joinRow, result.joinMs],
    [words.resumeRow, result.resumeMs],
    [words.reachedRow, result.line.reachedMs],
  ] as const;
  const rows = measured.map(([name, of]) =>
    of === null
      ? html`<tr><th scope="row">${name}</th><td colspan="5">–</td></tr>`
      : html`<tr><th scope="row">${name}</th><td>${say.ms(of.p50)}</td><td>${say.ms(of.p95)}</td><td>${say.ms(of.p99)}</td><td>${say.ms(of.max)}</td><td>${say.whole(of.count)}</td></tr>`,
  );
  return html`<section><h2>${words.percentiles}</h2><div class="scroll"><table><thead><tr><td></td><th scope="col">p50</th><th scope="col">p95</th><th scope="col">p99</th><th scope="col">${words.max}</th><th scope="col">${words.count}</th></tr></thead><tbody>${rows}</tbody></table></div></section>
`;
}

/** How late the mixers were, beside the idle server. */
export function mixers({ result, words, say }: Page): Markup {
  const { idle, loaded } = result.mixer;
  if (loaded === null) return NOTHING;
  const row = (name: string, of: MixerLateness): Markup =>
    html`<tr><th scope="row">${name}</th><td>${say.ms(of.meanMs)}</td><td>${of.p99MsAtMost === null ? '–' : say.ms(of.p99MsAtMost)}</td><td>${say.whole(of.later)}</td><td>${say.whole(of.ticks)}</td></tr>`;
  return html`<section><h2>${words.mixers}</h2><p>${words.mixersAbout}</p><div class="scroll"><table><thead><tr><td></td><th scope="col">${words.mean}</th><th scope="col">${words.p99AtMost}</th><th scope="col">${words.later}</th><th scope="col">${words.count}</th></tr></thead><tbody>${idle === null ? NOTHING : row(words.idle, idle)}${row(words.loaded, loaded)}</tbody></table></div></section>
`;
}

export function costs({ result, words, say }: Page): Markup {
  const { cost, exercised } = result;
  if (cost === null) return NOTHING;
  const rate = exercised.listenedSeconds > 0 ? cost.egressBytes / exercised.listenedSeconds : 0;
  return html`<section><h2>${words.costs}</h2>${table([
    [words.cpuPerListener, words.ofCore(say.percent(cost.cpuPerListener))],
    [words.cpuPerJoin, say.seconds(cost.cpuPerJoinS)],
    [words.memoryPerListener, say.bytes(cost.memoryPerListenerBytes)],
    [
      words.egress,
      `${say.bytes(cost.egressBytes)}; ${words.perListener(`${say.short((rate * 8) / 1_000)} kbit/s`)}`,
    ],
  ])}</section>
`;
}

export function events({ result, words }: Page): Markup {
  if (result.events.length === 0) return NOTHING;
  const rows = result.events.map(
    ({ atS, what }) => html`<tr><th scope="row">${timeText(atS)}</th><td>${what}</td></tr>`,
  );
  return html`<section><h2>${words.events}</h2><div class="scroll"><table><tbody>${rows}</tbody></table></div></section>
`;
}

export function setting({ result, words, say }: Page): Markup {
  const { server, generator, scenario } = result;
  const processes = say.whole(generator.processes);
  const described =
    server === null
      ? html`<p class="soft">${words.noServer}</p>`
      : table([
          [words.build, html`${server.build.version}<br><code>${server.build.digest}</code>`],
          [
            words.topology,
            `${words.edges(say.whole(server.topology.edges), say.whole(server.topology.connectionsMaxPerEdge))}, ${server.topology.tls ? words.tls : words.noTls}`,
          ],
          [
            words.configuration,
            html`<code>${Object.entries(server.configuration)
              .map(([key, value]) => `${key}=${value}`)
              .join(', ')}</code>`,
          ],
          [words.machine, machineText(server.machine, words, say)],
        ]);
  return html`<section><h2>${words.setting}</h2><div class="pair"><div><h3>${words.serverHead}</h3>${described}</div><div><h3>${words.generatorHead}</h3>${table(
    [
      [
        words.processes,
        generator.sameMachine ? words.onSameMachine(processes) : words.apart(processes),
      ],
      [
        words.generatorLoad,
        words.generatorLoadText(say.percent(generator.cpuMean), say.percent(generator.cpuMax)),
      ],
      [words.generatorLoop, say.ms(generator.loopDelayMaxMs)],
      [words.machine, machineText(generator.machine, words, say)],
    ],
  )}</div></div>
<h3>${words.scenario(scenario.name)}</h3><p>${scenario.about}</p><p class="soft">${words.scaled(say.short(scenario.scale), say.short(scenario.speed))}</p>${scenario.text === '' ? NOTHING : html`<pre class="scroll"><code>${scenario.text.split('\n').map((line) => html`${line}<br>`)}</code></pre>`}</section>
`;
}

export function certified({ certificate, words, say }: Page): Markup {
  if (certificate === null)
    return html`<section><h2>${words.certificate}</h2><p class="soft">${words.certificateNone}</p></section>
`;
  const { payload } = certificate;
  const { listeners, joinsPerS } = payload.capacity;
  return html`<section><h2>${words.certificate}</h2><p>${words.certificateHolds(say.whole(listeners), say.whole(joinsPerS))}</p>${table(
    [
      [words.certificateId, html`<code>${payload.id}</code>`],
      [words.issued, say.time(payload.issuedAtMs)],
      [words.expires, say.time(payload.expiresAtMs)],
      [words.key, html`<code>${payload.key}</code>`],
      [words.digest, html`<code>${payload.rehearsal.digest}</code>`],
      [words.verify, html`<code>parterre certificate verify FILE --url ${payload.issuer}</code>`],
    ],
  )}</section>
`;
}

export function terms({ words }: Page): Markup {
  return html`<section><h2>${words.termsHead}</h2><dl class="terms">${words.terms.map(([term, meaning]) => html`<dt>${term}</dt><dd>${meaning}</dd>`)}</dl></section>
`;
}

/** Rows of a name and a value. */
export function table(rows: readonly (readonly [string, string | Markup])[]): Markup {
  return html`<div class="scroll"><table><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table></div>`;
}

function machineText(machine: Machine, words: ReportWords, say: Figures): string {
  const { cpu, cores, memoryBytes, system, node } = machine;
  return `${cpu}, ${words.cores(say.whole(cores))}, ${say.bytes(memoryBytes)}, ${system}, Node ${node}`;
}
