/**
 * The report's look: the colours of the pages (packages/web/src/design/tokens.css), dark as the theatre
 * at night and light as the foyer by day; on paper always light, without what only a screen can unfold.
 */
const DARK = `
color-scheme: dark;
--ground: #0e0f1a; --panel: #171927; --line: #34384e; --ink: #f5eee0; --soft: #b9b5c0;
--accent: #ffd27a; --good: #86d9a8; --warn: #ffc069; --bad: #ff9c8a;
--s0: #ffd27a; --s1: #8fb8ff; --s2: #86d9a8;`;

const LIGHT = `
color-scheme: light;
--ground: #f8f2e6; --panel: #fffcf5; --line: #ddd0b8; --ink: #1d1a26; --soft: #5b5463;
--accent: #7a4d00; --good: #1b6a3f; --warn: #7d4b00; --bad: #a52613;
--s0: #a26500; --s1: #2457a8; --s2: #1b6a3f;`;

export const STYLE = `
:root {${DARK}
--serif: "Iowan Old Style", "Palatino Linotype", Palatino, "P052", "URW Palladio L", Georgia, serif;
--sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
}
@media (prefers-color-scheme: light) { :root {${LIGHT}} }
@media print { :root {${LIGHT}
--ground: #fff; --panel: #fff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 400 1rem/1.5 var(--sans); overflow-wrap: break-word; }
main { width: min(70rem, 100%); margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 2rem) 4rem; }
h1, h2, h3, figcaption { margin: 0; font-family: var(--serif); font-weight: 500; line-height: 1.15; text-wrap: balance; }
h1 { font-size: clamp(1.75rem, 1.2rem + 2.6vw, 2.75rem); }
h2 { margin: 2.5rem 0 0.9rem; font-size: 1.4rem; }
h3 { margin: 1.6rem 0 0.6rem; font-size: 1.15rem; }
p { margin: 0.4rem 0; max-width: 68ch; }
.brand { display: flex; align-items: center; gap: 0.6rem; color: var(--soft); font: 500 1.1rem/1 var(--serif); margin-bottom: 1.6rem; }
.brand svg { width: 1.6rem; height: 1.6rem; }
.soft { color: var(--soft); }
.small { font-size: 0.875rem; }
.verdict { display: inline-block; margin: 0.9rem 0 0.3rem; padding: 0.2rem 0.85rem; border: 1.5px solid; border-radius: 999px; font-weight: 600; }
.held { color: var(--good); }
.broken { color: var(--bad); }
.void, .stopped { color: var(--warn); }
.tiles { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.75rem; margin: 1.6rem 0 0; }
@media (min-width: 44rem) { .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
.tile { padding: 0.85rem 1rem; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); }
.tile dt { color: var(--soft); font-size: 0.875rem; }
.tile dd { margin: 0.15rem 0 0; font: 500 1.4rem/1.25 var(--serif); font-variant-numeric: tabular-nums lining-nums; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1rem; }
.plot { margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); min-width: 0; }
.plot > svg { display: block; width: 100%; height: auto; }
.plot text { fill: var(--soft); font: 11px var(--sans); font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; margin: 0.3rem 0 0.5rem; padding: 0; list-style: none; font-size: 0.875rem; color: var(--soft); }
.key { width: 1.5rem; height: 0.5rem; margin-right: 0.45rem; vertical-align: middle; }
.grid { stroke: var(--line); stroke-width: 1; fill: none; }
.mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 4; fill: none; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.line-0 { stroke: var(--s0); }
.line-1 { stroke: var(--s1); stroke-dasharray: 7 3; }
.line-2 { stroke: var(--s2); stroke-dasharray: 2 3; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums lining-nums; }
th, td { padding: 0.4rem 0.8rem 0.4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; }
thead th { color: var(--soft); font-size: 0.875rem; }
@media (max-width: 32rem) { .scroll { font-size: 0.8125rem; } thead th { font-size: 0.75rem; } th, td { padding-right: 0.4rem; } }
tbody th { font-weight: 500; }
code { font: 0.875rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
details { margin-top: 0.4rem; font-size: 0.875rem; }
summary { min-height: 2rem; padding: 0.25rem 0; color: var(--accent); cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 2rem; }
.terms dt { font-weight: 600; margin-top: 0.6rem; }
.terms dd { margin: 0; color: var(--soft); max-width: 68ch; }
.hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media print {
  body { font-size: 10pt; }
  main { width: auto; padding: 0; }
  h2 { margin-top: 1.4rem; break-after: avoid; }
  details { display: none; }
  .tile, .plot, tr { break-inside: avoid; }
  .plots { grid-template-columns: 1fr 1fr; }
  .tiles { grid-template-columns: repeat(3, 1fr); }
  @page { margin: 14mm; }
}
`;
