/** Signing in in a real browser, at a real provider: what each person sees, and that no token is theirs. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test as base, type Page } from '@playwright/test';

import { expectAccessible } from './accessible.js';
import { open, root } from './shop.js';

/** Beside the shop of the other tests, and below the ports that the kernel hands out. */
const offset = 22_000;
const origin = `http://localhost:${String(3001 + offset)}`;
const issuer = `http://127.0.0.1:${String(5556 + offset)}/dex`;

const test = base.extend({ baseURL: origin, locale: 'en-GB' });
test.describe.configure({ mode: 'serial' });

let dex: ChildProcess | null = null;
let launcher: ChildProcess | null = null;
const folder = mkdtempSync(join(tmpdir(), 'sign-in-'));

function configuration(): string {
  const user = (name: string, group: string) => ({
    email: `${name}@shop.test`,
    hash: '$2b$10$sjsORWftgtSaJcVnDEuQvO3BeSM38szTe67BFfoZb/pJa2YeorpiO',
    username: name,
    name,
    emailVerified: true,
    userID: name,
    groups: [group],
  });
  // JSON is YAML too.
  return JSON.stringify({
    issuer,
    storage: { type: 'memory' },
    web: { http: `127.0.0.1:${String(5556 + offset)}` },
    oauth2: { skipApprovalScreen: true },
    enablePasswordDB: true,
    staticClients: [
      {
        id: 'hello-observability',
        name: 'Shop',
        secret: 'a-secret-of-the-tests-0123456789',
        redirectURIs: [`${origin}/auth/callback`],
      },
    ],
    staticPasswords: [user('ann', 'customer'), user('bob', 'customer'), user('ops', 'operator')],
  });
}

test.beforeAll(async () => {
  test.setTimeout(900_000);
  const built = spawnSync(join(root, 'tests/machines/dex/build'), { encoding: 'utf8' });
  if (built.status !== 0) {
    process.stderr.write('SKIPPED sign-in: there is no Go to build Dex with\n');
    if (process.env.NO_SKIPS !== undefined) throw new Error('NO_SKIPS is set');
    test.skip();
  }
  const [file, secret] = [join(folder, 'dex.yaml'), join(folder, 'secret')];
  writeFileSync(file, configuration());
  writeFileSync(secret, 'a-secret-of-the-tests-0123456789');
  dex = spawn(join(built.stdout.trim(), 'dex'), ['serve', file], {
    stdio: 'ignore',
    env: { ...process.env, DEX_SESSIONS_ENABLED: 'true' },
  });
  launcher = await open(folder, offset, {
    OIDC_ISSUER: issuer,
    OIDC_CUSTOMERS: 'customer',
    OIDC_CLIENT_SECRET_FILE: secret,
    PUBLIC_URL: origin,
    REQUIRE_PERSON: 'true',
  });
});

test.afterAll(() => {
  launcher?.kill('SIGTERM');
  dex?.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** What the page was answered, and what it can read of what is kept: in none of it may be a token. */
async function expectNoToken(page: Page, answers: readonly string[]): Promise<void> {
  const readable = await page.evaluate(() =>
    [document.cookie, ...[localStorage, sessionStorage].flatMap(Object.entries)].join('\n'),
  );
  for (const text of [readable, ...answers]) expect(text).not.toMatch(/\beyJ[\w-]*\.eyJ|__Host-|refresh_token/);
  const cookies = await page.context().cookies(origin);
  const session = cookies.find(({ name }) => name === '__Host-session');
  expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' });
  // The parts of a token stand between dots, and what is sealed has none.
  expect(session?.value).not.toContain('.');
}

function collectAnswers(page: Page): string[] {
  const answers: string[] = [];
  page.on('response', (response) => {
    if (!response.url().startsWith(origin) || response.status() >= 300) return;
    void response.text().then((text) => answers.push(text), () => undefined);
  });
  return answers;
}

/** By the keyboard alone, from the link to the way back. */
async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('#login').fill(`${name}@shop.test`);
  await page.locator('#password').fill('password');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  await expect(page.getByRole('banner')).toContainText(name);
}

test('nobody sees the products, is led to the sign-in, and sees nothing else', async ({ page }) => {
  await page.goto('/');
  const product = page.getByRole('article', { name: 'Product 1' });
  await expect(product.getByRole('link', { name: 'Sign in to buy' })).toBeVisible();
  await expect(product.getByRole('button', { name: 'Buy', exact: true })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'System' })).toHaveCount(0);
  await expectAccessible(page);
  await page.goto('/orders');
  await expect(page.getByText('Sign in to see this')).toBeVisible();
  await expectAccessible(page);
});

test('a customer signs in, buys, follows the own order, and another does not see it', async ({ page, browser }) => {
  const answers = collectAnswers(page);
  await page.goto('/orders');
  await signIn(page, 'ann');
  await expect(page).toHaveURL(`${origin}/orders`);
  await expect(page.getByRole('heading', { name: 'My orders' })).toBeVisible();
  await page.getByRole('link', { name: 'Products', exact: true }).click();
  const product = page.getByRole('article', { name: 'Product 1' });
  await product.getByRole('button', { name: 'Buy', exact: true }).click();
  await expect(product.getByRole('status')).toContainText('Ordered');
  await product.getByRole('link', { name: 'Follow this order' }).click();
  await expect(page.getByText('create_order').first()).toBeVisible({ timeout: 20_000 });
  const order = page.url();
  await expect(page.getByRole('link', { name: 'System' })).toHaveCount(0);
  await page.goto('/operator');
  await expect(page.getByText('This is not for you')).toBeVisible();
  await expectNoToken(page, answers);

  const other = await (await browser.newContext({ baseURL: origin, locale: 'en-GB' })).newPage();
  await other.goto('/');
  await signIn(other, 'bob');
  await other.goto('/orders');
  await expect(other.getByText('No orders yet')).toBeVisible();
  await other.goto(order);
  await expect(other.getByText('There is no such order')).toBeVisible();
  await other.context().close();

  await page.getByRole('button', { name: 'Sign out' }).click();
  // It leads to the provider, where people sign out as well. A load of ours would break that off, or be broken off by it.
  await page.waitForURL(({ href }) => href.startsWith(`${issuer}/logout`));
  await page.goto('/orders');
  await expect(page.getByText('Sign in to see this')).toBeVisible();
  expect((await page.context().cookies(origin)).map(({ name }) => name)).not.toContain('__Host-session');
});

test('an operator sets the stock, adds a product and sees every order, on a telephone as well', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('/');
  await signIn(page, 'ops');
  await page.getByRole('link', { name: 'Operate' }).click();
  await expect(page.getByRole('form', { name: 'Product 2' })).toBeVisible();
  await expectAccessible(page);
  const stock = page.getByRole('form', { name: 'Product 2' });
  await stock.getByRole('textbox', { name: 'New stock' }).fill('7');
  await page.keyboard.press('Enter');
  await expect(stock.getByRole('status')).toContainText('The stock is set.');
  await expect(stock).toContainText('7');
  const product = page.getByRole('form', { name: 'New product' });
  await product.getByRole('textbox', { name: 'Name' }).fill('Product 4');
  await product.getByRole('textbox', { name: 'Price' }).fill('3.50');
  await product.getByRole('button', { name: 'Add' }).click();
  await expect(product.getByRole('status')).toContainText('The product is added.');
  await expect(page.getByRole('form', { name: 'Product 4' })).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide, 'nothing stands beside the screen').toBeLessThanOrEqual(360);
  await page.getByRole('link', { name: 'Orders', exact: true }).click();
  await expect(page.getByText('Product 1').first()).toBeVisible();
  await page.getByRole('link', { name: 'System' }).click();
  await expect(page.getByRole('heading', { name: 'System' })).toBeVisible();
});

test.describe('in Korean', () => {
  test.use({ locale: 'ko-KR' });

  test('the way in says 로그인, and a sign-in that came to nothing is told', async ({ page }) => {
    await page.goto('/?sign-in=denied');
    await expect(page.getByRole('alert')).toContainText('로그인이 거부되었습니다.');
    await expect(page.getByRole('banner').getByRole('link', { name: '로그인' })).toBeVisible();
    await expectAccessible(page);
  });
});
