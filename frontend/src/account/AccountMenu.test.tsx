// @vitest-environment jsdom
/** Who has signed in, and what pages show to whom. */
import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { newQueryClient } from '../api/queryClient';
import { AccountMenu } from './AccountMenu';
import { Admitted } from './Admitted';

afterEach(cleanup);

function show(account: object) {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(account))));
  render(
    <QueryClientProvider client={newQueryClient()}>
      <MemoryRouter initialEntries={['/orders?after=1']}>
        <AccountMenu />
        <Admitted as="operator" title="Operate">
          <p>the stock</p>
        </Admitted>
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

const user = (role: string | null) => ({ enabled: true, user: { name: 'Ann', role } });

describe('the menu and the pages of operators', () => {
  it('say plainly that nobody signs in, and show everything then', async () => {
    show({ enabled: false, user: null });
    await screen.findByText(/nobody signs in/);
    await screen.findByText('the stock');
  });

  it('lead to the sign-in and back to where the reader was', async () => {
    show({ enabled: true, user: null });
    const links = await screen.findAllByRole('link', { name: 'Sign in' });
    expect(links.map((link) => link.getAttribute('href'))).toEqual(
      Array(2).fill('/auth/login?back=%2Forders%3Fafter%3D1'),
    );
    expect(screen.queryByText('the stock')).toBeNull();
  });

  it.each(['customer', null])('show a person of role %s the way out and no stock', async (role) => {
    show(user(role));
    await screen.findByRole('button', { name: 'Sign out' });
    await screen.findByText('This is not for you');
    expect(screen.queryByText('the stock')).toBeNull();
  });

  it('show an operator what operators do', async () => {
    show(user('operator'));
    await screen.findByText('the stock');
    await screen.findByText('Operator');
  });
});
