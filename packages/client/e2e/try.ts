import { chromium } from 'playwright-core';
import { buildPage } from './build-page.ts';
import { LiveHouse, packetsOf, tone } from './live-house.ts';

const engine = process.argv[2] ?? 'mse';
const profile = (process.argv[3] ?? 'near') as 'near';
const folder = await buildPage();
const house = new LiveHouse(await packetsOf(tone(4, 440), 20), folder, profile);
const base = await house.open();
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--autoplay-policy=no-user-gesture-required',
  ],
});
const page = await browser.newPage();
page.on('console', (m) => console.log('page:', m.text()));
page.on('pageerror', (e) => console.log('pageerror:', e.stack));
await page.goto(base);
await page.evaluate((engine) => {
  window.listening = window.client.listen({
    space: 'demo',
    engine: engine as 'mse',
    onEvent: (e) => console.log(JSON.stringify(e)),
  });
  window.listening.subscribe((c) => {
    if (c === 'state') console.log(JSON.stringify(window.listening.state));
  });
  void window.listening.play();
}, engine);
const show = async () =>
  console.log(
    JSON.stringify(
      await page.evaluate(() => ({
        s: window.listening.state.phase,
        st: window.listening.stats,
        n: window.listening.snapshot?.seats[0]?.name,
        p: window.listening.programmeMs,
        b: window.listening.element.buffered.length,
      })),
    ),
  );
for (let i = 0; i < 3; i++) {
  await new Promise((r) => setTimeout(r, 1500));
  await show();
}
house.cut();
console.log('cut');
for (let i = 0; i < 3; i++) {
  await new Promise((r) => setTimeout(r, 1000));
  await show();
}
house.stalled = true;
console.log('stall 3s');
for (let i = 0; i < 3; i++) {
  await new Promise((r) => setTimeout(r, 1000));
  await show();
}
house.stalled = false;
for (let i = 0; i < 5; i++) {
  await new Promise((r) => setTimeout(r, 2000));
  await show();
}
console.log(house.asked);
await browser.close();
await house.close();
