/** Going on stage through the studio page, as a person does. */
import type { BrowserContext, Page } from 'playwright-core';
import { type TestServer, until } from './server.ts';

/** The owner's cookie in a context, so that its pages are the owner's. */
export async function signIn(context: BrowserContext, server: TestServer): Promise<void> {
  const [name = '', value = ''] = server.cookie.split('=');
  await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Strict' }]);
}

/**
 * Opens a studio or an invitation, passes the sound check with the browser's voice processing off, and
 * enters the green room.
 */
export async function enterGreenRoom(page: Page, url: string, name: string): Promise<void> {
  await openSoundCheck(page, url, name);
  for (const label of ['Echo cancellation', 'Noise suppression', 'Automatic gain'])
    await processingOff(page, label);
  await page.getByRole('button', { name: 'Enter the green room' }).click();
  await page
    .getByRole('button', { name: /^(Mute|Leave)$/ })
    .first()
    .waitFor();
}

/** Opens a studio or an invitation and turns the microphone on. */
export async function openSoundCheck(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url);
  const next = page.getByRole('button', { name: 'Continue to the sound check' });
  await next
    .or(page.getByRole('button', { name: 'Turn the microphone on' }))
    .first()
    .waitFor();
  if (await next.isVisible()) {
    await page.getByRole('textbox').first().fill(name);
    await next.click();
  }
  await page.getByRole('button', { name: 'Turn the microphone on' }).click();
}

async function processingOff(page: Page, label: string): Promise<void> {
  const box = page.getByLabel(label).first();
  await box.waitFor({ state: 'attached' });
  // The switch shows what the browser has done, which takes a moment and may move what is below it, so it
  // is not clicked by its place.
  if (await box.isChecked()) await box.evaluate((element) => (element as HTMLElement).click());
  await until(async () => !(await box.isChecked()), `${label} is off`);
}

export async function goOnAir(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Go on air', exact: true }).click();
  await page.getByRole('button', { name: 'Back to the green room' }).waitFor();
}
